import { type Command, InvalidArgumentError } from 'commander'
import { isGuid } from '../firmware/guid.js'
import type { EnrollOptions } from './firmware-enroll.js'
import type { KeysOptions } from './firmware-keys.js'
import { editCommand, FIRMWARE_FILE } from './firmware-options.js'
import type { SignOptions } from './firmware-sign.js'
import type { VerifyOptions } from './firmware-verify.js'
import { strict } from './usage-error.js'

/** The commands of `firmware` that deal with Secure Boot keys; `choose` gets what is to be done. */
export function addFirmwareKeyCommands(firmware: Command, choose: (action: () => Promise<number>) => void): void {
  editCommand(firmware.command('enroll'))
    .description('set Secure Boot keys of your own, and switch it on')
    .option('--pk <certificate>', 'platform key, PEM or DER')
    .option('--kek <certificate>', 'key that may sign updates of db and dbx; may be repeated', collect, [])
    .option('--db <certificate>', 'what is signed under it starts; may be repeated', collect, [])
    .option(
      '--dbx <what>',
      'never starts: a digest in hex, a program, a certificate, a list (.esl, dbxupdate); may be repeated',
      collect,
      [],
    )
    .option('--mok <certificate>', "what shim trusts, too (the guest's MokList); may be repeated", collect, [])
    .option('--microsoft', "Microsoft's KEK and db certificates as well, read from Debian's package ovmf")
    .option('--owner <guid>', 'GUID to mark the new entries with', guid)
    .option('--boot-loader <program>', 'refuse keys that would not start it; may be repeated', collect, [])
    .option('--accept-doubts', 'take certificates that are expired or weak')
    .addHelpText('after', ENROLL_HELP)
    .action((file: string, options: EnrollOptions) =>
      choose(async () => (await import('./firmware-enroll.js')).firmwareEnroll(file, options)),
    )
  strict(firmware.command('keys'))
    .description('make a PK, a KEK and a db key: RSA 3072, SHA-256, self-signed')
    .argument('<dir>', 'directory for the six files; none of them may be there')
    .option('--name <words>', 'first words of the names in the certificates', keyName, 'Secure Boot')
    .option('--days <n>', 'how long the certificates are valid', days, 3650)
    .option('--not-before <date>', 'first day, such as 2026-01-31 (default: now)', date)
    .option('--json', 'exactly one JSON object on stdout')
    .action((dir: string, options: KeysOptions) =>
      choose(async () => (await import('./firmware-keys.js')).firmwareKeys(dir, options)),
    )
  strict(firmware.command('sign'))
    .description('write a signed copy of a boot loader, kernel or unified kernel image')
    .argument('<program>', 'the .efi file; it is only read, and signatures in it stay')
    .requiredOption('--key <file>', 'private key, PEM without a passphrase')
    .requiredOption('--cert <certificate>', 'its certificate, PEM or DER')
    .requiredOption('-o, --output <file>', 'file to make')
    .option('-f, --force', 'replace the output when it is there')
    .option('--json', 'exactly one JSON object on stdout')
    .action((program: string, options: SignOptions) =>
      choose(async () => (await import('./firmware-sign.js')).firmwareSign(program, options)),
    )
  strict(firmware.command('verify'))
    .description('tell whether a firmware would start a program, and why; exit code 8 when it would not')
    .argument('<program>', 'the .efi file')
    .requiredOption('--against <file>', `the keys: ${FIRMWARE_FILE}`)
    .option('--json', 'exactly one JSON object on stdout')
    .action((program: string, options: VerifyOptions) =>
      choose(async () => (await import('./firmware-verify.js')).firmwareVerify(program, options)),
    )
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function guid(text: string): string {
  if (!isGuid(text)) throw new InvalidArgumentError('Give a GUID, such as 77fa9abd-0359-4d32-bd60-28f4e78f784b.')
  return text.toLowerCase()
}

function keyName(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$/.test(text))
    throw new InvalidArgumentError('Give up to 40 letters, digits, blanks, dots, dashes and underscores.')
  return text
}

function days(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (value < 1 || value > MAX_DAYS) throw new InvalidArgumentError(`Give whole days, from 1 to ${MAX_DAYS}.`)
  return value
}

/** A day, or a time of it, UTC. */
function date(text: string): Date {
  const value = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}Z)?$/.test(text) ? new Date(text) : new Date(Number.NaN)
  // 2026-02-31 is read as a day of March.
  if (Number.isNaN(value.getTime()) || value.toISOString().slice(0, 10) !== text.slice(0, 10))
    throw new InvalidArgumentError('Give a date, such as 2026-01-31 or 2026-01-31T12:00:00Z.')
  return value
}

/** A hundred years. */
const MAX_DAYS = 36_525

const ENROLL_HELP = `
PK, KEK, db, dbx and MokList are each set as a whole when an option asks for them; all other variables stay.
Everything is checked first, and all problems are told at once; then nothing is written.

Examples:
  cvm-rewrite firmware keys keys/
  cvm-rewrite firmware enroll /usr/share/OVMF/OVMF_VARS_4M.fd --pk keys/PK.pem --kek keys/KEK.pem --db keys/db.pem -o vars.fd
  cvm-rewrite firmware enroll /usr/share/OVMF/OVMF_VARS_4M.ms.fd --mok keys/db.pem -o vars.fd
  cvm-rewrite firmware sign vmlinuz --key keys/db.key --cert keys/db.pem -o vmlinuz.signed
  cvm-rewrite firmware verify vmlinuz.signed --against vars.fd`

import { relative } from 'node:path'
import { certificateLines } from '../firmware/decode/describe-signatures.js'
import { printable } from '../guest/printable.js'
import { EXIT } from '../model/exit.js'
import { type MadeKey, makeKeys } from '../stages/make-keys.js'
import { colour } from './colours.js'
import { complain } from './complain.js'
import { interruption } from './interruption.js'

export interface KeysOptions {
  readonly name: string
  readonly days: number
  readonly notBefore?: Date
  readonly json?: true
}

/** cvm-rewrite firmware keys: a PK, a KEK and a db key. */
export async function firmwareKeys(dir: string, options: KeysOptions): Promise<number> {
  const json = options.json === true
  using interrupted = interruption(() => {})
  try {
    const { name, days, notBefore = new Date() } = options
    const made = await makeKeys({ dir, name, days, notBefore }, interrupted.signal)
    process.stdout.write(json ? `${JSON.stringify(madeObject(made))}\n` : madeText(made))
    return EXIT.ok
  } catch (error) {
    return await complain(error, json)
  }
}

function madeText(made: readonly MadeKey[]): string {
  const shown = (path: string) => printable(near(path))
  const [pk, kek, db] = made.map(({ certificateFile }) => shown(certificateFile))
  return [
    ...made.flatMap(({ role, keyFile, certificateFile, certificate }) => [
      `${colour.green.bold(role)} ${shown(certificateFile)}, private key ${shown(keyFile)}\n`,
      ...certificateLines(certificate).map((line) => `  ${printable(line)}\n`),
    ]),
    `${colour.cyan('note')} the private keys have no passphrase; whoever has that of db can make programs that start\n`,
    `\nnext: cvm-rewrite firmware enroll OVMF_VARS_4M.fd --pk ${pk} --kek ${kek} --db ${db} -o vars.fd\n`,
  ].join('')
}

function madeObject(made: readonly MadeKey[]): Readonly<Record<string, unknown>> {
  return {
    outcome: 'ok',
    keys: made.map(({ role, keyFile, certificateFile, certificate }) => ({
      role,
      key: keyFile,
      certificate: certificateFile,
      sha256Fingerprint: certificate.fingerprintSha256,
      notBefore: certificate.notBefore.toISOString(),
      notAfter: certificate.notAfter.toISOString(),
    })),
  }
}

function near(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}

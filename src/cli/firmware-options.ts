import { type Command, InvalidArgumentError } from 'commander'
import { strict } from './usage-error.js'

/** What a firmware file can be, for help. */
export const FIRMWARE_FILE = "OVMF_VARS file (raw or qcow2), single-file firmware (OVMF.fd), or QEMU's JSON form"
/** The option --code, for help. */
export const CODE_FILE = 'OVMF_CODE file that will run with these variables: tell whether the two fit'

/** A command that makes a changed firmware file, with the argument and options that all of them have. */
export function editCommand(command: Command): Command {
  return strict(command)
    .argument('<file>', FIRMWARE_FILE)
    .requiredOption('-o, --output <file>', 'file to make; the changed one itself only with --force', notEmpty)
    .option('-f, --force', 'replace the output when it is there')
    .option('--code <file>', CODE_FILE)
    .option('--json', 'exactly one JSON object on stdout')
}

/** @throws {InvalidArgumentError} */
export function notEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty.')
  return text
}

import type { Command } from 'commander'
// Only what --help needs is imported here; the rest waits until there is something to do.
import type { FirmwareDeleteOptions } from './firmware-delete.js'
import type { FirmwareExportOptions } from './firmware-export.js'
import type { FirmwareImportOptions } from './firmware-import.js'
import { addFirmwareKeyCommands } from './firmware-keys-commands.js'
import { CODE_FILE, editCommand, FIRMWARE_FILE, notEmpty } from './firmware-options.js'
import type { FirmwareSetOptions } from './firmware-set.js'
import type { FirmwareShowOptions } from './firmware-show.js'
import { strict } from './usage-error.js'

/** Adds `cvm-rewrite firmware` with its subcommands; `choose` gets what is to be done. */
export function addFirmwareCommand(program: Command, choose: (action: () => Promise<number>) => void): void {
  const firmware = strict(program.command('firmware'))
    .description('UEFI variables and Secure Boot keys, offline, in a variable store or a firmware file')
    .addHelpText('after', HELP)
  strict(firmware.command('show'))
    .description(
      'print all variables, the state of Secure Boot, the room left, and what is wrong; exit code 4 for that',
    )
    .argument('<file>', FIRMWARE_FILE)
    .option('--code <file>', CODE_FILE)
    .option('--json', 'one JSON object')
    .action((file: string, options: FirmwareShowOptions) =>
      choose(async () => (await import('./firmware-show.js')).firmwareShow(file, options)),
    )
  editCommand(firmware.command('set'))
    .description('add or replace one variable')
    .argument('<name>', 'such as Timeout, or with its GUID: Name-01234567-89ab-cdef-0123-456789abcdef')
    .argument('[value]', 'of the well-known simple variables, such as 5 for Timeout, 0001,0000 for BootOrder')
    .option('--hex <digits>', 'the bytes as hex digits')
    .option('--text <text>', 'the bytes of the text, without a NUL')
    .option('--utf16 <text>', 'the text in UTF-16 with a NUL at its end')
    .option('--u8 <n>', 'a number of 8 bits; also --u16, --u32, --u64')
    .option('--u16 <n>', 'a number of 16 bits, little-endian')
    .option('--u32 <n>', 'a number of 32 bits, little-endian')
    .option('--u64 <n>', 'a number of 64 bits, little-endian')
    .option('--file <file>', 'the bytes of a file')
    .option('--attributes <list>', 'nv,bs,rt or a number (default: as they are; of a new one as usual for its name)')
    .option('--date <date>', 'time stamp of a variable with authenticated writes, such as 2026-01-31', notEmpty)
    .action((file: string, name: string, value: string | undefined, options: FirmwareSetOptions) =>
      choose(async () => (await import('./firmware-set.js')).firmwareSet(file, name, value, options)),
    )
  editCommand(firmware.command('delete'))
    .description('remove variables')
    .argument('<names...>', 'each as for set')
    .action((file: string, names: readonly string[], options: FirmwareDeleteOptions) =>
      choose(async () => (await import('./firmware-delete.js')).firmwareDelete(file, names, options)),
    )
  editCommand(firmware.command('import'))
    .description('add or replace all variables of a JSON file, as export writes it')
    .argument('<variables>', 'JSON file')
    .option('--exact', 'also remove what the JSON file does not have')
    .action((file: string, variables: string, options: FirmwareImportOptions) =>
      choose(async () => (await import('./firmware-import.js')).firmwareImport(file, variables, options)),
    )
  strict(firmware.command('export'))
    .description("write all variables as JSON, in the form of QEMU's uefi-vars device")
    .argument('<file>', FIRMWARE_FILE)
    .option('-o, --output <file>', 'file to make (default: stdout)', notEmpty)
    .option('-f, --force', 'replace the output when it is there')
    .action((file: string, options: FirmwareExportOptions) =>
      choose(async () => (await import('./firmware-export.js')).firmwareExport(file, options)),
    )
  addFirmwareKeyCommands(firmware, choose)
}

const HELP = `
FILE is only read, unless it is also the output and --force is given; then it is replaced in one step.
After an edit the difference is printed, and what it does to the measurements of a TDX or SEV-SNP guest.

Examples:
  cvm-rewrite firmware show /usr/share/OVMF/OVMF_VARS_4M.ms.fd
  cvm-rewrite firmware set OVMF_VARS_4M.fd Timeout 0 -o vars.fd
  cvm-rewrite firmware set vars.fd BootOrder 0001,0000 -o vars.fd --force
  cvm-rewrite firmware delete vars.fd MokList -o vars.fd --force
  cvm-rewrite firmware export OVMF_VARS_4M.ms.fd -o vars.json
  cvm-rewrite firmware import OVMF.fd vars.json -o my-OVMF.fd
  cvm-rewrite firmware enroll --help                 Secure Boot with keys of your own`

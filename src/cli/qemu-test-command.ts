import { Command, InvalidArgumentError, Option } from 'commander'
// Only what --help needs is imported here; the rest waits until there is something to do.
import type { Accelerator, Firmware } from '../model/image.js'
import type { LaunchKey, QemuFlavour } from '../model/launch.js'
import type { LaunchWords } from '../model/launch-values.js'
import { addLaunchFlags, wordsOfFlag } from './launch-flags.js'
import { portNumber, wholeMinutes } from './option-values.js'
import { refuseWords, strict } from './usage-error.js'

/** The options of cvm-qemu-test, as commander hands them over; those of the launch are read by launch-flags.ts. */
export interface QemuTestOptions {
  readonly input?: string
  readonly type?: TypeOption
  readonly timeout?: number
  readonly time?: number
  readonly accel: Accelerator | 'auto'
  readonly firmware?: Firmware | 'auto'
  readonly ovmf?: LaunchWords
  readonly boot?: 'direct' | 'grub'
  readonly kernel?: LaunchWords
  readonly initrd?: LaunchWords
  readonly root?: string
  readonly append?: string
  readonly serial?: true
  readonly sshPort?: number
  readonly vsock?: LaunchWords | true
  readonly quote?: 'tdvmcall' | 'vsock'
  readonly launch?: string
  readonly qemuFlavour?: QemuFlavour
  readonly expect: readonly string[]
  readonly strict?: true
  readonly interactive?: true
  readonly monitor?: string
  readonly saveLog?: string
  readonly console?: string
  readonly junit?: string
  readonly json?: true
  readonly dryRun?: true
  readonly quiet?: true
  readonly verbose?: true
}

/** What -t said: a kind of machine, a limit in whole minutes, or, given twice, both. */
export interface TypeOption {
  readonly kind?: MachineKind
  readonly minutes?: number
}

export type MachineKind = (typeof MACHINE_KINDS)[number]

/** The command line of cvm-qemu-test; `action` gets options that are valid one by one. */
export function qemuTestCommand(action: (options: QemuTestOptions) => void): Command {
  const command = strict(new Command('cvm-qemu-test'))
    .description('Boots a guest image with QEMU and tells whether it comes up. The image is only read.')
    .addHelpText('before', EXAMPLES)
    .option('-i, --input <image>', 'guest image, qcow2 or raw')
    .option('-t, --type <kind>', TYPE_HELP, typeOrMinutes)
    .option('--timeout <minutes>', 'limit, whole minutes (default: 3 with KVM, 10 without)', wholeMinutes)
    .addOption(new Option('--time <minutes>', 'the same as --timeout').argParser(wholeMinutes).hideHelp())
    .addOption(new Option('--accel <kind>', 'accelerator').choices(['auto', 'kvm', 'tcg']).default('auto'))
  machineOptions(command)
  directBootOptions(command)
  networkOptions(command)
  teeOptions(command)
  addLaunchFlags(command.optionsGroup('Also of the launch, as in cvm-rewrite launch:'), WITH_LETTERS)
  testOptions(command)
  return command
    .addHelpText('after', EXIT_CODES)
    .allowExcessArguments(true)
    .action((options: QemuTestOptions) => {
      refuseWords(command)
      action(options)
    })
}

function machineOptions(command: Command): void {
  command
    .optionsGroup('Machine:')
    .addOption(
      new Option('--firmware <kind>', 'as -t efi (uefi) or -t legacy (bios)').choices(['auto', 'uefi', 'bios']),
    )
    .option('-o, --ovmf <file>', 'UEFI firmware in one file, such as OVMF.fd', wish('firmwareImage'))
    .option('--secure-boot', 'UEFI with Secure Boot on')
    .option('--tpm', 'with a TPM 2.0 (swtpm)')
    .option('-c, --vcpus <n>', 'virtual CPUs (default: 2)', wish('vcpus'))
    .option('--memory <size>', MEMORY_HELP, wish('memoryMiB'))
    .option('-u, --hugepages', "the guest's memory in huge pages of the host")
    .option('--launch <file>', 'launch file (default: IMAGE.launch.json beside the image)')
    .addOption(
      new Option('--qemu-flavour <name>', 'how QEMU spells TDX (default: what it reports)').choices([
        'upstream',
        'fork',
      ]),
    )
}

function directBootOptions(command: Command): void {
  command
    .optionsGroup('Direct boot:')
    .addOption(new Option('-b, --boot <how>', "by the image's boot loader, or directly").choices(['grub', 'direct']))
    .option('-k, --kernel <file>', "kernel of a direct boot (default: the image's own newest)", wish('kernel'))
    .option('--initrd <file>', 'its initrd', wish('initrd'))
    .option('-r, --root <device>', 'its root file system (default: by the partition table)')
    .option('-e, --append <arguments>', 'more kernel arguments')
    .option('-s, --serial', 'its console is ttyS0 alone, not hvc0 as well')
}

function networkOptions(command: Command): void {
  command
    .optionsGroup('Network:')
    .option('-n, --net <network>', 'its CIDR (default: 10.0.2.0/24); or none, bridge:NAME', wish('network'))
    .option('-a, --dhcp-start <address>', 'first address that DHCP gives', wish('dhcpStart'))
    .option('-m, --mac <address>', 'MAC address of its network card', wish('mac'))
    .option('-f, --ssh-port <port>', 'port on 127.0.0.1 that leads to port 22 (default: a free one)', portNumber)
    .option('-v, --vsock [cid]', 'with a vsock device (default: a free context ID)', wish('vsockCid'))
}

function teeOptions(command: Command): void {
  command
    .optionsGroup('Confidential guests (-t td, -t snp):')
    .option('-w, --mrownerconfig <value>', 'TD: MROWNERCONFIG', wish('mrownerconfig'))
    .option('--mrowner <value>', 'TD: MROWNER', wish('mrowner'))
    .option('--mrconfigid <value>', 'TD: MRCONFIGID', wish('mrconfigid'))
    .option('--host-data <value>', 'SEV-SNP: HOST_DATA', wish('hostData'))
    .option('-q, --quote <how>', 'TD: how it asks for quotes: tdvmcall, vsock', quoteWay)
    .option('-d, --debug', 'TD: the host may read its memory')
}

function testOptions(command: Command): void {
  command
    .optionsGroup('Test:')
    .addOption(
      new Option('--expect <what>', 'a file of expectations, or key=value; may be given again')
        .argParser((text: string, before: readonly string[]) => [...before, text])
        .default([], 'nothing but a boot'),
    )
    .option('--strict', 'failed units of the guest fail the test')
    .addOption(
      new Option('--interactive', "the guest's console on this terminal; Ctrl-] leaves").conflicts(['json', 'dryRun']),
    )
    .option('-p, --monitor <path>', "QEMU's monitor on a UNIX socket made there")
    .option('--save-log <dir>', "the consoles, and the TPM's event log and registers, are put there")
    .option(
      '--console <file>',
      "all that the guest's serial port said is put there, of its virtio console in FILE.hvc0",
    )
    .option('--junit <file>', 'the result as a JUnit XML file')
    .option('--json', 'one JSON object on stdout instead of the table')
    .option('--dry-run', 'print the QEMU command and start nothing')
    .addOption(new Option('--quiet', 'no progress').conflicts('verbose'))
    .option('--verbose', "also the guest's console and the QEMU command")
}

/** @throws InvalidArgumentError for what is neither a kind nor whole minutes. */
export function typeOrMinutes(text: string, before: TypeOption = {}): TypeOption {
  if (/^[\d.+-]+$/.test(text)) return { ...before, minutes: wholeMinutes(text) }
  const kind = MACHINE_KINDS.find((name) => name === text)
  if (kind !== undefined) return { ...before, kind }
  throw new InvalidArgumentError(`Give a kind of machine (${MACHINE_KINDS.join(', ')}) or a limit in whole minutes.`)
}

/** Read as the flag of this name is in `cvm-rewrite launch`. */
function wish(key: LaunchKey): (text: string) => LaunchWords {
  return (text) => wordsOfFlag(key, text)
}

function quoteWay(text: string): 'tdvmcall' | 'vsock' {
  if (text === 'tdvmcall' || text === 'vsock') return text
  throw new InvalidArgumentError('It says how a TD asks for quotes: tdvmcall or vsock. No progress is --quiet.')
}

/** Wishes that have options of their own here; -t says `tee`. */
const WITH_LETTERS: readonly LaunchKey[] = [
  ['tee', 'firmwareImage', 'secureBoot', 'tpm', 'vcpus', 'memoryMiB', 'hugepages', 'network', 'dhcpStart', 'mac'],
  ['kernel', 'initrd', 'cmdline', 'vsockCid', 'debug', 'mrowner', 'mrconfigid', 'mrownerconfig', 'hostData'],
].flat() as readonly LaunchKey[]

const MACHINE_KINDS = ['legacy', 'efi', 'td', 'snp'] as const

const MEMORY_HELP = 'memory of the guest, such as 2G or 2048M (default: 2G, less on a small host)'

const TYPE_HELP =
  'machine: legacy (BIOS), efi, td (TDX), snp (SEV-SNP) (default: efi or legacy, by the image); or, a number: --timeout'

const EXAMPLES = `Examples:
  cvm-qemu-test -i output.qcow2                     boot it, wait for a login prompt
  cvm-qemu-test -i output.qcow2 -t 20 --verbose     with 20 minutes, showing its console
  cvm-qemu-test -i output.qcow2 -t td --dry-run     the command that starts it as a TD
  cvm-qemu-test -i output.qcow2 --json              for scripts
`

const EXIT_CODES = `
Exit codes: 0 it came up, 7 it did not or is not as expected, 124 not within the limit; 2 usage, 3 host not ready,
  4 image refused, 9 disk, I/O. More: docs/boot-test.md`

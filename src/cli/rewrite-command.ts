import { Command, Option } from 'commander'
// Only what --help needs is imported here; the rest waits until there is something to do.
import type { Accelerator, Firmware } from '../model/image.js'
import { addFirmwareCommand } from './firmware-command.js'
import { registerIdentityCommand } from './identity-command.js'
import { registerLaunchCommand } from './launch-command.js'
import type { LintFormat } from './lint-formats.js'
import { count, sizeMiB, wholeMinutes } from './option-values.js'
import type { PluginNewOptions } from './plugin-new.js'
import type { PluginTestOptions } from './plugin-test.js'
import type { RenderOptions } from './render.js'
import { fromCommander, refuseWords, strict } from './usage-error.js'

/** Options of the main command as commander gives them. */
export interface RewriteOptions {
  readonly input?: string
  readonly time?: number
  readonly output: string
  readonly force?: true
  readonly connect?: string
  /** Commander's form of --no-console. */
  readonly console: boolean
  readonly plugins?: string
  readonly skip: readonly string[]
  readonly only: readonly string[]
  readonly accel: Accelerator | 'auto'
  readonly firmware: Firmware | 'auto'
  readonly memory?: number
  readonly vcpus?: number
  readonly launch?: string
  readonly firmwareImage?: string
  readonly dryRun?: true
  readonly keepFailed?: true
  readonly strict?: true
  /** Commander's form of --no-schema. */
  readonly schema: boolean
  readonly json?: true
  readonly quiet?: true
  readonly verbose?: true
}

/** The program cvm-rewrite; returns the process exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let action: (() => Promise<number>) | undefined
  const command = rewriteCommand((chosen) => {
    action = chosen
  })
  const json = argv.includes('--json')
  try {
    command.parse([...argv])
    return action === undefined ? 0 : await action()
  } catch (error) {
    const ours = fromCommander(error)
    if (ours === undefined) return 0
    const { complain } = await import('./complain.js')
    return await complain(ours, json)
  }
}

/** The whole command line; `choose` gets what is to be done. */
export function rewriteCommand(choose: (action: () => Promise<number>) => void): Command {
  const program = strict(new Command('cvm-rewrite'))
    // Else the program's own --json and --plugins would take those of its subcommands.
    .enablePositionalOptions()
    .description(
      'Turns a guest image into a confidential-VM image: customised, sealed, checked. The input is only read.',
    )
    .addHelpText('before', EXAMPLES)
    .option('-i, --input <image>', 'guest image: qcow2, or raw with a partition table')
    .option('-t, --time <minutes>', 'time for the guest, whole minutes (default: 3 with KVM, 20 without)', wholeMinutes)
    .option('-o, --output <file>', 'image to make', 'output.qcow2')
    .option('-f, --force', 'replace the output when it is there')
    .option('-s, --connect <uri>', 'libvirt URI or socket to use instead of a private daemon')
    .option('-n, --no-console', "keep the guest's console off the screen")
    .option(
      '--plugins <dir>',
      'directory with pre-stage/ or plugins/, post-stage/, cloud-init/ (default: the current one, else the shipped ones)',
    )
    .option('--skip <plugin>', 'leave a plugin out; may be repeated', collect, [])
    .option('--only <plugin>', 'run only this pre-stage plugin; may be repeated', collect, [])
    .addOption(new Option('--accel <kind>', 'accelerator').choices(['auto', 'kvm', 'tcg']).default('auto'))
    .addOption(new Option('--firmware <kind>', 'firmware').choices(['auto', 'uefi', 'bios']).default('auto'))
    .option('--memory <size>', 'memory of the guest, such as 2G (default: 2G)', sizeMiB)
    .option('--vcpus <n>', 'virtual CPUs (default: 2)', count)
    .option('--launch <file>', 'how the image is to be started, written as output.launch.json beside it')
    .option(
      '--firmware-image <file>',
      'OVMF.fd in one piece for the launch; a copy with the variables is output.OVMF.fd',
    )
    .option('--dry-run', 'print the plan and do nothing')
    .option('--keep-failed', 'keep the disk of a failed run too')
    .option('--strict', 'warnings of cloud-init and risky file modes fail the run')
    .option('--no-schema', "do not ask this host's cloud-init about the plugins' cloud-configs")
    .option('--json', 'exactly one JSON object on stdout')
    .addOption(new Option('-q, --quiet', 'no progress').conflicts('verbose'))
    .option('-v, --verbose', 'more: commands, notes of the plugins')
    .version(VERSION, '--version')
    .helpOption('-h, --help', 'this text')
    .addHelpText('after', EXIT_CODES)
    .allowExcessArguments(true)
    .action((options: RewriteOptions, command: Command) => {
      refuseWords(command)
      choose(async () => (await import('./run-rewrite.js')).runRewrite(options))
    })

  strict(program.command('doctor'))
    .description('tell whether this machine can run rewrites, and what is missing')
    .option('--json', 'one JSON object')
    .action((options: { json?: true }) =>
      choose(async () => (await import('./doctor.js')).doctor(options.json === true)),
    )
  strict(program.command('demo'))
    .description('make a demo guest from Debian packages, rewrite it with all plugins, boot-test the result')
    .addOption(
      new Option('--suite <name>', 'Debian release of the guest').choices(['trixie', 'bookworm']).default('trixie'),
    )
    .addOption(new Option('--boot <kind>', 'firmware of the guest').choices(['uefi', 'bios']).default('uefi'))
    .option('--dir <dir>', 'where to work and to leave the results', 'demo')
    .option('--install', 'install missing Debian packages (as root)')
    .action((options: { suite: 'trixie' | 'bookworm'; boot: 'uefi' | 'bios'; dir: string; install?: true }) =>
      choose(async () => (await import('./demo.js')).demo({ ...options, install: options.install === true })),
    )
  strict(program.command('init'))
    .description('copy the shipped pre-stage/, post-stage/ and cloud-init/ somewhere to change them')
    .argument('<dir>')
    .action((dir: string) => choose(async () => (await import('./init.js')).init(dir)))
  const plugin = strict(program.command('plugin')).description(
    'plugin new, list, lint, test: write one, see what a run here would take, what is wrong, what one changes',
  )
  strict(plugin.command('list'))
    .description('list the plugins that a run here would take')
    .option('--plugins <dir>', 'directory to read')
    .option('--json', 'one JSON object')
    .action((options: { plugins?: string; json?: true }) =>
      choose(async () => (await import('./plugin-list.js')).pluginList(options)),
    )
  strict(plugin.command('lint'))
    .description(
      'tell all that is wrong or doubtful in the plugins, without a boot; exit code 5 when a run would refuse',
    )
    .argument('[dir]', 'directory to read, as --plugins takes it')
    .addOption(new Option('--format <kind>', 'form of the answer').choices(['text', 'json', 'github']).default('text'))
    .action((dir: string | undefined, options: { format: LintFormat }) =>
      choose(async () => (await import('./plugin-lint.js')).pluginLint(dir, options.format)),
    )
  strict(plugin.command('new'))
    .description('write a plugin that works, to be changed')
    .argument('<name>', 'such as 20-hello; without a number it gets one that is free')
    .addOption(
      new Option('--kind <kind>', 'what it begins as')
        .choices(['script', 'files', 'rootfs', 'grub', 'initrd', 'ima'])
        .default('script'),
    )
    .option('--plugins <dir>', 'directory with pre-stage/ or plugins/ (default: the current one); made when not there')
    .addHelpText('after', NEW_HELP)
    .action((name: string, options: PluginNewOptions) =>
      choose(async () => (await import('./plugin-new.js')).pluginNew(name, options)),
    )
  strict(plugin.command('test'))
    .description('run one plugin alone on a guest to throw away, and show what it changed there')
    .argument('<plugin>', 'its name, or number, as --only takes it')
    .option('--plugins <dir>', 'directory to read')
    .addOption(
      new Option('--suite <name>', 'Debian release of the guest, which is made from Debian packages and kept')
        .choices(['trixie', 'bookworm'])
        .default('trixie'),
    )
    .option('--guest <image>', 'another guest image; it is only read')
    .option('-t, --time <minutes>', 'time for the guest, whole minutes (default: 3 with KVM, 20 without)', wholeMinutes)
    .option('--keep <dir>', 'keep the output and its report, or what is known of a failure, there')
    .option('--json', 'exactly one JSON object on stdout')
    .option('-v, --verbose', 'more: commands, and every line of long lists')
    .addHelpText('after', TEST_HELP)
    .action((name: string, options: PluginTestOptions) =>
      choose(async () => (await import('./plugin-test.js')).pluginTest(name, options)),
    )
  strict(program.command('render'))
    .description('print what the guest will see, without a boot: merged cloud-config, parts, files')
    .option('--plugins <dir>', 'directory to read')
    .option('--skip <plugin>', 'leave a plugin out; may be repeated', collect, [])
    .option('--only <plugin>', 'only this pre-stage plugin; may be repeated', collect, [])
    .option('--json', 'one JSON object')
    .action((options: RenderOptions) => choose(async () => (await import('./render.js')).render(options)))
  registerIdentityCommand(program, choose)
  addFirmwareCommand(program, choose)
  registerLaunchCommand(program, choose)
  strict(program.command('explain'))
    .description('what an error code means and what to do')
    .argument('<code>')
    .action((code: string) => choose(async () => (await import('./explain.js')).explain(code)))
  return program
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

/** The package's version; a test keeps it equal to package.json, which --help has no time to read. */
export const VERSION = '0.1.0'

const EXAMPLES = `Examples:
  cvm-rewrite -i guest.qcow2 -t 6                    rewrite it: output.qcow2 and its report
  GUEST_SIZE=20G cvm-rewrite -i guest.qcow2          with a larger disk (plugin 01-resize-image)
  cvm-rewrite -i guest.qcow2 --skip 98-ima-enable-simple
  cvm-rewrite -i guest.qcow2 --dry-run               what would be done
  cvm-rewrite plugin new hello                       a plugin of your own, to be changed
  cvm-rewrite plugin lint                            what is wrong with your plugins
  cvm-rewrite plugin test hello                      what one changes in a guest, which is thrown away
  cvm-rewrite render                                 what the guest will see
  cvm-rewrite demo                                   see it work, without an image of your own
  cvm-qemu-test -i output.qcow2                      boot the result on a throw-away overlay
`

const NEW_HELP = `
Kinds:
  script   a script that runs in the guest, with an option that it reads
  files    files for the root file system
  rootfs   users, groups, packages, modes, services: declared, without a script
  grub     kernel arguments and the boot loader's menu
  initrd   files, kernel modules and programs for early boot
  ima      an IMA policy
Nothing that is there is overwritten.`

const TEST_HELP = `
The guest is rewritten as usual, with this plugin only, and the result compared with that of a run without plugins. That one
is made once for a guest and kept, so the first test takes two boots and later ones take one.
Exit codes are those of a rewrite: 0 when the plugin ran.

Examples:
  cvm-rewrite plugin test 20-hello
  GREETING=hi cvm-rewrite plugin test hello --guest my-guest.qcow2 --keep /tmp/hello`

const EXIT_CODES = `
An option given twice: the last one counts; --skip and --only add up.
Exit codes: 0 ok, 1 bug, 2 usage, 3 host not ready, 4 image refused, 5 plugin or user-data invalid, 6 pre-stage failed,
  7 guest failed, 8 check failed, 9 disk or I/O, 75 busy, 124 timeout, 128+n signal. More: cvm-rewrite explain CODE`

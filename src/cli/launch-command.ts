import { type Command, InvalidArgumentError, Option } from 'commander'
import type { LaunchCommandOptions } from './launch.js'
import { addLaunchFlags } from './launch-flags.js'
import { strict } from './usage-error.js'

/** Adds `launch`; `choose` gets what is to be done. */
export function registerLaunchCommand(program: Command, choose: (action: () => Promise<number>) => void): void {
  const command = strict(program.command('launch'))
    .description('print how an image is started: QEMU command, start script, libvirt domain; or define that domain')
    .option('-i, --input <image>', 'image to start; its output.launch.json beside it is taken by itself')
    .option('--launch <file>', 'launch file, YAML or JSON; stronger than the one beside the image')
    .addOption(
      new Option('--format <kind>', 'what is printed (default: qemu)').choices(['qemu', 'script', 'libvirt', 'json']),
    )
  addLaunchFlags(command)
    .addOption(new Option('--accel <kind>', 'accelerator').choices(['auto', 'kvm', 'tcg']).default('auto'))
    .addOption(
      new Option('--qemu-flavour <kind>', 'how TDX is spelled (default: as the QEMU of this host)').choices([
        'upstream',
        'fork',
      ]),
    )
    .option('--define <name>', 'define it in libvirt under this name, and print nothing', domainName)
    .option('--start', 'with --define: start it, too')
    .option('--replace', 'with --define: redefine a domain of that name that this program made and that is off')
    .option('-s, --connect <uri>', "with --define: libvirt URI or socket (default: the system's for root, else yours)")
    .option('--json', 'exactly one JSON object on stdout: machine, origins, notes and what would be printed')
    .addHelpText('after', HELP)
    .action((options: LaunchCommandOptions) => choose(async () => (await import('./launch.js')).launch(options)))
}

/** A name that no program takes for an option, a path or a number of a domain. */
function domainName(text: string): string {
  if (/^(?!\d+$)[A-Za-z0-9][A-Za-z0-9.-]{0,59}$/.test(text)) return text
  throw new InvalidArgumentError('A name has letters, digits, dots and dashes, and is no number.')
}

const HELP = `
Who comes before whom: flags, the launch file, output.launch.json (what plugins wanted), the defaults. The table on stderr tells
where each value is from. Nothing is started but with --define NAME --start. Values of identities: cvm-rewrite identity show --help.

Examples:
  cvm-rewrite launch -i output.qcow2
  cvm-rewrite launch -i output.qcow2 --tee tdx --mrowner pubkey:owner.pem --format script > start.sh
  cvm-rewrite launch -i output.qcow2 --tee snp --host-data json:config.json --format libvirt
  cvm-rewrite launch -i output.qcow2 --memory 8G --define web-1 --start`

import { Command, Option } from 'commander'
// Only what --help needs is imported here; the rest waits until there is something to do.
import type { RunEvent } from '../model/events.js'
import type { Accelerator, Firmware } from '../model/image.js'
import type { BootTestResult } from '../stages/boot-test.js'
import { count, sizeMiB, wholeMinutes } from './option-values.js'
import { fromCommander, refuseWords, strict } from './usage-error.js'

interface Options {
  readonly input?: string
  readonly time?: number
  readonly firmware: Firmware | 'auto'
  readonly accel: Accelerator | 'auto'
  readonly memory?: number
  readonly vcpus?: number
  readonly strict?: true
  readonly json?: true
  readonly quiet?: true
  readonly verbose?: true
}

/** The program cvm-qemu-test; returns the process exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let options: Options | undefined
  const command = qemuTestCommand((given) => {
    options = given
  })
  try {
    command.parse([...argv])
  } catch (error) {
    const ours = fromCommander(error)
    return ours === undefined ? 0 : complain(ours, argv.includes('--json'))
  }
  return options === undefined ? 0 : run(options)
}

export function qemuTestCommand(action: (options: Options) => void): Command {
  return strict(new Command('cvm-qemu-test'))
    .description('Boots a guest image with QEMU and tells whether it comes up. The image is only read.')
    .addHelpText('before', EXAMPLES)
    .option('-i, --input <image>', 'guest image, qcow2 or raw')
    .option('-t, --time <minutes>', 'limit, whole minutes (default: 3 with KVM, 10 without)', wholeMinutes)
    .addOption(new Option('--firmware <kind>', 'firmware').choices(['auto', 'uefi', 'bios']).default('auto'))
    .addOption(new Option('--accel <kind>', 'accelerator').choices(['auto', 'kvm', 'tcg']).default('auto'))
    .option('--memory <size>', 'memory of the guest, such as 2G or 2048M (default: 2G, less on a small host)', sizeMiB)
    .option('--vcpus <n>', 'virtual CPUs (default: 2)', count)
    .option('--strict', 'failed units of the guest fail the test')
    .option('--json', 'one JSON object on stdout instead of the table')
    .addOption(new Option('-q, --quiet', 'no progress').conflicts('verbose'))
    .option('-v, --verbose', "also the guest's console and the QEMU command")
    .addHelpText('after', EXIT_CODES)
    .allowExcessArguments(true)
    .action((options: Options, command: Command) => {
      refuseWords(command)
      action(options)
    })
}

async function run(options: Options): Promise<number> {
  const { interruption } = await import('./interruption.js')
  using interrupted = interruption(() => process.stderr.write('\ncleaning up (once more ends at once)\n'))
  try {
    const { bootTest } = await import('../stages/boot-test.js')
    const { inputPath } = await import('./path-options.js')
    const image = inputPath(options.input, 'cvm-qemu-test -i output.qcow2')
    const request = {
      image,
      accel: options.accel,
      firmware: options.firmware,
      strict: options.strict === true,
      ...(options.time === undefined ? {} : { limitMin: options.time }),
      ...(options.memory === undefined ? {} : { memoryMiB: options.memory }),
      ...(options.vcpus === undefined ? {} : { vcpus: options.vcpus }),
    }
    const result = await bootTest(request, await teller(options), interrupted.signal)
    return await report(result, image, options)
  } catch (error) {
    return complain(error, options.json === true)
  }
}

async function report(result: BootTestResult, image: string, options: Options): Promise<number> {
  const { resultText, resultObject } = await import('./qemu-test-report.js')
  if (options.json === true) process.stdout.write(`${JSON.stringify(resultObject(result, image))}\n`)
  else process.stdout.write(resultText(result, image))
  if (result.verdict.ok) return 0
  const { error } = result.verdict
  if (options.json !== true) await printError(error)
  return error.exitCode
}

async function complain(thrown: unknown, json: boolean): Promise<number> {
  const { fromSystem } = await import('../model/system-error.js')
  const error = fromSystem(thrown)
  const { errorObject, exitCodeOf } = await import('./print-error.js')
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, error: errorObject(error) })}\n`)
  else await printError(error)
  return exitCodeOf(error)
}

async function printError(error: unknown): Promise<void> {
  const { errorText } = await import('./print-error.js')
  process.stderr.write(errorText(error))
}

/** Progress on stderr: one plain line for each event. */
async function teller(options: Options): Promise<(event: RunEvent) => void> {
  const { colourStderr } = await import('./colours.js')
  const { printable } = await import('../guest/printable.js')
  const say = (text: string) => process.stderr.write(`${printable(text)}\n`)
  return (event) => {
    if (event.type === 'warning') process.stderr.write(`${colourStderr.yellow('warning')} ${printable(event.text)}\n`)
    if (options.quiet === true) return
    if (event.type === 'step' || event.type === 'note') say(event.text)
    if (event.type === 'guest-time') say(`the guest has ${event.limitMs / 60_000} min to come up`)
    if (options.verbose !== true) return
    if (event.type === 'command') process.stderr.write(`${printable(event.text, WHOLE)}\n`)
    if (event.type === 'console') {
      for (const line of event.lines) process.stderr.write(`${colourStderr.dim(`  | ${line}`)}\n`)
    }
  }
}

/** A command to paste is never cut. */
const WHOLE = 100_000

const EXAMPLES = `Examples:
  cvm-qemu-test -i output.qcow2              boot it, wait for a login prompt
  cvm-qemu-test -i output.qcow2 -t 20 -v     with 20 minutes, showing its console
  cvm-qemu-test -i output.qcow2 --json       for scripts
`

const EXIT_CODES = `
Exit codes: 0 it came up, 7 it did not, 124 not within -t; 2 usage, 3 host not ready, 4 image refused, 9 disk, I/O.`

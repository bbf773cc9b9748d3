import { CommanderError } from 'commander'
// Only what --help needs is imported here; the rest waits until there is something to do.
import { CvmError } from '../model/errors.js'
import type { RunEvent, Say } from '../model/events.js'
import type { BootTestRequest, BootTestResult } from '../stages/boot-request.js'
import type { Interactive } from './interactive.js'
import { type QemuTestOptions, qemuTestCommand } from './qemu-test-command.js'
import { fromCommander } from './usage-error.js'

/** The program cvm-qemu-test; returns the process exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let options: QemuTestOptions | undefined
  const command = qemuTestCommand((given) => {
    options = given
  })
  try {
    command.parse([...argv])
  } catch (error) {
    const ours = withHint(error)
    return ours === undefined ? 0 : complain(ours, argv.includes('--json'))
  }
  return options === undefined ? 0 : run(options, argv)
}

async function run(options: QemuTestOptions, argv: readonly string[]): Promise<number> {
  const { interruption } = await import('./interruption.js')
  using interrupted = interruption(() => process.stderr.write('\ncleaning up (once more ends at once)\n'))
  try {
    using session = options.interactive === true ? await openSession() : undefined
    const say = await teller(options, () => session?.lent === true)
    const request = await requestOf(options, say)
    if (argv.includes('-v') && options.vsock === true) say({ type: 'note', text: V_HINT })
    if (options.junit !== undefined) {
      const { assertResultPlace } = await import('../stages/result-place.js')
      await assertResultPlace('--junit', options.junit, request.image)
    }
    if (options.dryRun === true) return await dryRun(request, say, options)
    const { bootTest } = await import('../stages/boot-test.js')
    const result = await bootTest(request, say, interrupted.signal, session?.hooks)
    return await report(result, request.image, options)
  } catch (error) {
    return complain(error, options.json === true)
  }
}

/** Only the command is on stdout. */
async function dryRun(request: BootTestRequest, say: Say, options: QemuTestOptions): Promise<number> {
  const { bootCommand } = await import('../stages/boot-command.js')
  const { showCall } = await import('../host/show-call.js')
  const call = await bootCommand(request, say)
  const json = { ok: true, image: request.image, command: [call.tool, ...call.args] }
  process.stdout.write(`${options.json === true ? JSON.stringify(json) : showCall(call)}\n`)
  return 0
}

async function requestOf(options: QemuTestOptions, say: Say): Promise<BootTestRequest> {
  const { inputPath } = await import('./path-options.js')
  const { directBootOf, layersOfFlags, limitOf, monitorOf } = await import('./qemu-test-launch.js')
  const { settleBootLaunch } = await import('../stages/boot-launch.js')
  const image = inputPath(options.input, 'cvm-qemu-test -i output.qcow2')
  // A person at the console takes their time.
  const limitMin = limitOf(options) ?? (options.interactive === true ? 'none' : undefined)
  const directBoot = directBootOf(options)
  const humanMonitor = monitorOf(options)
  const launch = {
    image,
    flags: await layersOfFlags(options),
    byBootLoader: options.boot === 'grub',
    ...(options.launch === undefined ? {} : { launchFile: options.launch }),
  }
  return {
    image,
    accel: options.accel,
    launch: await settleBootLaunch(launch, say),
    expectations: options.expect,
    strict: options.strict === true,
    ...(limitMin === undefined ? {} : { limitMin }),
    ...(directBoot === undefined ? {} : { directBoot }),
    ...(options.sshPort === undefined ? {} : { sshPort: options.sshPort }),
    ...(options.qemuFlavour === undefined ? {} : { qemuFlavour: options.qemuFlavour }),
    ...(humanMonitor === undefined ? {} : { humanMonitor }),
    ...(options.saveLog === undefined ? {} : { saveLogDir: options.saveLog }),
    ...(options.console === undefined ? {} : { consoleFile: options.console }),
  }
}

async function openSession(): Promise<Interactive> {
  const { interactive } = await import('./interactive.js')
  return interactive(process.stdin, process.stdout)
}

async function report(result: BootTestResult, image: string, options: QemuTestOptions): Promise<number> {
  if (options.junit !== undefined) {
    const { writeJunit } = await import('./qemu-test-junit.js')
    await writeJunit(options.junit, result, image)
  }
  const { resultText, resultObject } = await import('./qemu-test-report.js')
  if (options.json === true) process.stdout.write(`${JSON.stringify(resultObject(result, image))}\n`)
  else process.stdout.write(resultText(result, image))
  if (result.verdict.ok) return 0
  const { error } = result.verdict
  if (options.json !== true) await printError(error)
  return error.exitCode
}

/** Two letters meant something else before: who types them so is told. */
function withHint(error: unknown): unknown {
  const ours = fromCommander(error)
  const noValue = error instanceof CommanderError && error.code === 'commander.optionMissingArgument'
  if (!noValue || !error.message.includes("'-q,")) return ours
  return new CvmError('USAGE', error.message.replace(/^error: /, ''), {
    why: '-q says how a TD asks for quotes, tdvmcall or vsock',
    next: 'For no progress give --quiet.',
  })
}

const V_HINT = '-v gives the guest a vsock device; what the guest prints is shown with --verbose'

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
async function teller(options: QemuTestOptions, muted: () => boolean): Promise<(event: RunEvent) => void> {
  const { colourStderr } = await import('./colours.js')
  const { printable } = await import('../guest/printable.js')
  const say = (text: string) => process.stderr.write(`${printable(text)}\n`)
  return (event) => {
    // The terminal is the guest's now.
    if (muted()) return
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

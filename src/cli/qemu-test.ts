import { CommanderError } from 'commander'
// Only what --help needs is imported here; the rest waits until there is something to do.
import { CvmError } from '../model/errors.js'
import type { RunEvent, Say } from '../model/events.js'
import type { BootTestRequest, BootTestResult } from '../stages/boot-request.js'
import type { BootPaths } from '../stages/boot-results.js'
import type { Interactive } from './interactive.js'
import type { JunitFile } from './junit-file.js'
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
  let junit: JunitFile | undefined
  try {
    junit = await beginResults(options)
    using session = options.interactive === true ? await openSession() : undefined
    const say = await teller(options, () => session?.lent === true)
    const request = await requestOf(options, say)
    if (argv.includes('-v') && options.vsock === true) say({ type: 'note', text: V_HINT })
    if (options.dryRun === true) return await dryRun(request, say, options)
    const { bootTest } = await import('../stages/boot-test.js')
    const result = await bootTest(request, say, interrupted.signal, session?.hooks)
    return await report(result, request.image, options, junit)
  } catch (error) {
    const unwritten = await junit?.writeError(error).then(
      () => undefined,
      (cause: unknown) => cause,
    )
    if (unwritten !== undefined) await printError(unwritten)
    return complain(error, options.json === true)
  }
}

/** Files that are asked for are looked at before anything else; from then on that of --junit tells of this run. */
async function beginResults(options: QemuTestOptions): Promise<JunitFile | undefined> {
  const paths = await pathsOf(options)
  const { assertBootResultPlaces } = await import('../stages/boot-results.js')
  await assertBootResultPlaces(paths)
  if (paths.junitFile === undefined || options.dryRun === true) return undefined
  const { beginJunitFile } = await import('./junit-file.js')
  return await beginJunitFile(paths.junitFile, paths.image)
}

/** Every file that the options name by itself. */
async function pathsOf(options: QemuTestOptions): Promise<BootPaths> {
  const { inputPath } = await import('./path-options.js')
  const { monitorOf } = await import('./qemu-test-launch.js')
  const { launchFileBeside } = await import('../stages/boot-launch.js')
  const image = inputPath(options.input, 'cvm-qemu-test -i output.qcow2')
  const launchFile = options.launch ?? launchFileBeside(image)
  const humanMonitor = monitorOf(options)
  return {
    image,
    expectations: options.expect,
    ...(launchFile === undefined ? {} : { launchFile }),
    ...(humanMonitor === undefined ? {} : { humanMonitor }),
    ...(options.saveLog === undefined ? {} : { saveLogDir: options.saveLog }),
    ...(options.console === undefined ? {} : { consoleFile: options.console }),
    ...(options.junit === undefined ? {} : { junitFile: options.junit }),
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
  const { directBootOf, layersOfFlags, limitOf } = await import('./qemu-test-launch.js')
  const { settleBootLaunch } = await import('../stages/boot-launch.js')
  const paths = await pathsOf(options)
  // A person at the console takes their time.
  const limitMin = limitOf(options) ?? (options.interactive === true ? 'none' : undefined)
  const directBoot = directBootOf(options)
  const launch = {
    image: paths.image,
    flags: await layersOfFlags(options),
    byBootLoader: options.boot === 'grub',
    ...(paths.launchFile === undefined ? {} : { launchFile: paths.launchFile }),
  }
  return {
    ...paths,
    accel: options.accel,
    launch: await settleBootLaunch(launch, say),
    strict: options.strict === true,
    ...(limitMin === undefined ? {} : { limitMin }),
    ...(directBoot === undefined ? {} : { directBoot }),
    ...(options.sshPort === undefined ? {} : { sshPort: options.sshPort }),
    ...(options.qemuFlavour === undefined ? {} : { qemuFlavour: options.qemuFlavour }),
  }
}

async function openSession(): Promise<Interactive> {
  const { interactive } = await import('./interactive.js')
  return interactive(process.stdin, process.stdout)
}

async function report(
  result: BootTestResult,
  image: string,
  options: QemuTestOptions,
  junit: JunitFile | undefined,
): Promise<number> {
  // A verdict that took minutes is told, whatever becomes of the files.
  const unwritten = await junit?.writeResult(result).then(
    () => undefined,
    (cause: unknown) => cause,
  )
  const { resultText, resultObject } = await import('./qemu-test-report.js')
  if (options.json === true) process.stdout.write(`${JSON.stringify(resultObject(result, image))}\n`)
  else process.stdout.write(resultText(result, image))
  for (const text of result.unsaved) await printWarning(text)
  if (unwritten !== undefined) await printError(unwritten)
  // What is kept for machines decides nothing, but whoever asked for a report waits for it.
  if (result.verdict.ok) return unwritten === undefined ? 0 : await exitCode(unwritten)
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

async function exitCode(error: unknown): Promise<number> {
  const { exitCodeOf } = await import('./print-error.js')
  return exitCodeOf(error)
}

async function printWarning(text: string): Promise<void> {
  const { colourStderr } = await import('./colours.js')
  const { printable } = await import('../guest/printable.js')
  process.stderr.write(`${colourStderr.yellow('warning')} ${printable(text)}\n`)
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

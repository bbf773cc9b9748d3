import { chown, mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { ConsolePort } from '../guest/console-choice.js'
import { Cleanup } from '../host/cleanup.js'
import type { Janitor } from '../host/janitor.js'
import { identifyProcess } from '../host/processes.js'
import { runTool } from '../host/run-tool.js'
import { listenSerialPort, type SerialPort } from '../host/serial-port.js'
import { showCall } from '../host/show-call.js'
import { relaySocket } from '../host/socket-relay.js'
import { qemuArguments } from '../launch/qemu-arguments.js'
import { listenMonitor, type MonitorEvent } from '../launch/qemu-monitor.js'
import { CvmError } from '../model/errors.js'
import type { Account, ToolResult } from '../model/host.js'
import type { LaunchConfig, LaunchWiring, QemuFlavour } from '../model/launch.js'
import { qemuLastWords, qemuSystemCall } from '../tools/qemu-system.js'

/** A running machine; disposing of it ends QEMU, first by its monitor, then by force. */
export interface BootMachine extends AsyncDisposable {
  /** QEMU's own end; rejects when it could not run. */
  readonly ended: Promise<ToolResult>
  /** Types into a console; lost while QEMU is not connected. */
  write(console: ConsolePort, bytes: Uint8Array): void
}

export interface BootMachineInput {
  readonly config: LaunchConfig
  /** A short path, for UNIX sockets hold about 100 bytes; QEMU's account can reach it. */
  readonly scratchDir: string
  readonly account: Account | undefined
  readonly janitor: Janitor
  readonly onSerial: (chunk: Buffer) => void
  readonly onVirtioConsole: (chunk: Buffer) => void
  /** What the guest writes to /dev/virtio-ports/cvm.probe; absent: it has no such port. */
  readonly onProbe?: (chunk: Buffer) => void
  /** A swtpm listens there. */
  readonly tpm?: string
  /** A socket for QEMU's monitor for people is made there. */
  readonly humanMonitor: string | undefined
  readonly flavour: QemuFlavour
  readonly onEvent: (event: MonitorEvent) => void
  readonly onCommand: (line: string) => void
}

/**
 * Starts QEMU with its consoles and its monitor on UNIX sockets of ours, and lets the guest run.
 *
 * @throws CvmError TOOL_MISSING, TOOL_FAILED, IMAGE_IN_USE or HOST_TOO_SMALL when it does not start.
 */
export async function startBootMachine(input: BootMachineInput): Promise<BootMachine> {
  await using made = new Cleanup()
  const as = input.account === undefined ? {} : { as: input.account }
  const port = async (name: string, onBytes: (chunk: Buffer) => void): Promise<SerialPort> =>
    made.use(await listenSerialPort({ socketPath: join(input.scratchDir, name), logCapBytes: 0, onBytes, ...as }))
  const consoles = {
    ttyS0: await port('ttyS0', input.onSerial),
    hvc0: await port('hvc0', input.onVirtioConsole),
  }
  if (input.onProbe !== undefined) await port('probe', input.onProbe)
  const monitor = made.use(
    await listenMonitor({ socketPath: join(input.scratchDir, 'monitor'), onEvent: input.onEvent, ...as }),
  )

  const wiring = bootSockets(input.scratchDir, {
    probe: input.onProbe !== undefined,
    humanMonitor: input.humanMonitor !== undefined,
    ...(input.tpm === undefined ? {} : { tpm: input.tpm }),
  })
  if (input.humanMonitor !== undefined && wiring.humanMonitor !== undefined) {
    await directoryFor(dirname(wiring.humanMonitor), input.account)
    made.use(await relaySocket(input.humanMonitor, wiring.humanMonitor))
    input.janitor.watchPath(resolve(input.humanMonitor))
  }
  const args = qemuArguments(input.config, wiring, input.flavour)
  const call = qemuSystemCall(args, input.scratchDir)
  input.onCommand(showCall(call))

  const force = new AbortController()
  const ended = runTool(call, {
    ...as,
    signal: force.signal,
    graceMs: QUIT_MS,
    onStart: (pid) => {
      const process = identifyProcess(pid)
      if (process !== undefined) input.janitor.watchPid(process.pid, process.startTime)
    },
  })
  const gone = ended.then(
    () => {},
    () => {},
  )
  made.defer(async () => {
    await Promise.race([monitor.execute('quit').then(() => gone), afterMs(QUIT_MS)])
    force.abort(new Error('the machine is not needed any more'))
    await gone
  })

  const started = await Promise.race([monitor.ready, ended, afterMs(START_MS)])
  if (started === 'late') throw new CvmError('TOOL_TIMED_OUT', `QEMU did not start within ${START_MS / 1000} s`)
  if (started !== undefined) throw startFailure(started)
  await monitor.execute('cont')

  const machine = made.move()
  return {
    ended,
    write: (console, bytes) => consoles[console].send(bytes),
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  }
}

/** QEMU makes a socket in it. */
async function directoryFor(path: string, account: Account | undefined): Promise<void> {
  // It is there already when the machine is started once more.
  await mkdir(path, { recursive: true, mode: 0o700 })
  if (account !== undefined) await chown(path, account.uid, account.gid)
}

/** Where the ends of the machine are: sockets in the scratch, named after what they are. */
export function bootSockets(
  scratchDir: string,
  has: { readonly probe: boolean; readonly humanMonitor: boolean; readonly tpm?: string },
): LaunchWiring & { readonly kind: 'sockets' } {
  return {
    kind: 'sockets',
    serialPorts: [join(scratchDir, 'ttyS0')],
    virtioConsole: join(scratchDir, 'hvc0'),
    monitor: join(scratchDir, 'monitor'),
    ...(has.probe ? { probe: join(scratchDir, 'probe') } : {}),
    ...(has.tpm === undefined ? {} : { tpm: has.tpm }),
    ...(has.humanMonitor ? { humanMonitor: join(scratchDir, 'human/monitor') } : {}),
  }
}

/** Why QEMU ended before the guest ran, in the words of our errors. */
export function startFailure(result: ToolResult): CvmError {
  const why = qemuLastWords(result.stderr)
  if (/Failed to get (?:shared )?"[a-z ]+" lock/.test(result.stderr)) {
    return new CvmError('IMAGE_IN_USE', 'the image is open for writing in another virtual machine', { why })
  }
  if (/Cannot allocate memory|cannot set up guest memory/.test(result.stderr)) {
    return new CvmError('HOST_TOO_SMALL', 'there is not enough memory for the guest', { why })
  }
  return new CvmError('TOOL_FAILED', `QEMU did not start (exit code ${result.exitCode ?? result.signal})`, { why })
}

function afterMs(ms: number): Promise<'late'> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, 'late').unref()
  })
}

const START_MS = 30_000
const QUIT_MS = 5_000

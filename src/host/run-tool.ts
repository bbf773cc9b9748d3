import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { execa } from 'execa'
import { CvmError } from '../model/errors.js'
import type { Account, ToolCall, ToolResult } from '../model/host.js'
import { hostEnvironment } from './environment.js'
import { programOf } from './find-tool.js'
import { isGoneError } from './processes.js'
import { type Child, type OutputOptions, ToolOutputs } from './tool-outputs.js'

export interface RunOptions extends OutputOptions {
  /** The whole group gets TERM after this, and KILL `graceMs` later; then TOOL_TIMED_OUT is thrown. */
  readonly timeoutMs?: number
  /** Default 10 000. */
  readonly graceMs?: number
  /** Run with this account's uid and gid; only when we are root. */
  readonly as?: Account
  /** Aborting ends the group in the same way; the signal's reason is thrown. */
  readonly signal?: AbortSignal
  /** Called once the program runs, with its pid, which is its process group too. */
  readonly onStart?: (pid: number) => void
}

/**
 * Runs an external program to its end; a non-zero exit is a result, not an error.
 *
 * It runs in a process group of its own with stdin from /dev/null and an allow-listed environment. We return when the
 * program exits, not when its output closes: what it left behind in its group is killed.
 *
 * @throws {CvmError} TOOL_MISSING, TOOL_TIMED_OUT, TOOL_FAILED when it cannot be started; or the reason of `signal`.
 */
export async function runTool(call: ToolCall, options: RunOptions = {}): Promise<ToolResult> {
  options.signal?.throwIfAborted()
  const program = await programOf(call)
  const startedAt = performance.now()
  const outputs = new ToolOutputs(options)
  const child = execa(program, call.args, {
    cwd: call.cwd ?? (options.as ? '/' : process.cwd()),
    env: environmentOf(call, options.as),
    extendEnv: false,
    ...(options.as ? { uid: options.as.uid, gid: options.as.gid } : {}),
    detached: true,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    // Never let execa gather output: 300 MB of it abort the V8 engine before any handler runs.
    buffer: false,
    reject: false,
  })
  try {
    const pid = child.pid
    if (pid === undefined) throw startFailure(call, (await child).cause)
    return await attend({ call, options, child, pid, outputs, startedAt })
  } finally {
    outputs.end()
  }
}

/**
 * Runs a program that must succeed.
 *
 * @throws {CvmError} as runTool; NO_SPACE when it says that the disk is full; TOOL_FAILED for any other non-zero exit or a death
 * by signal, with its last lines.
 */
export async function runToolOrFail(call: ToolCall, options: RunOptions = {}): Promise<ToolResult> {
  const result = await runTool(call, options)
  if (result.exitCode === 0) return result
  const ending = result.signal === undefined ? `exited ${result.exitCode}` : `was ended by ${result.signal}`
  const lines = lastLines(result)
  const full = lines.find((line) => NO_ROOM.test(line))
  if (full !== undefined) throw new CvmError('NO_SPACE', `no room on the disk: ${call.tool} ${ending}`, { why: full })
  const why = lines.at(-1)
  throw new CvmError('TOOL_FAILED', `${call.tool} ${ending}`, { ...(why === undefined ? {} : { why }), lines })
}

interface Attended {
  readonly call: ToolCall
  readonly options: RunOptions
  readonly child: Child
  readonly pid: number
  readonly outputs: ToolOutputs
  readonly startedAt: number
}

async function attend({ call, options, child, pid, outputs, startedAt }: Attended): Promise<ToolResult> {
  const { timeoutMs, graceMs = DEFAULT_GRACE_MS, signal } = options
  const timers: NodeJS.Timeout[] = []
  let stopReason: (() => unknown) | undefined
  let giveUp: () => void = () => {}

  const stop = (reason: () => unknown) => {
    if (stopReason) return
    stopReason = reason
    signalGroup(pid, 'SIGTERM')
    timers.push(setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs))
    // A program stuck in the kernel does not even die of KILL; we do not hang with it.
    timers.push(setTimeout(() => giveUp(), graceMs + UNKILLABLE_AFTER_MS))
  }
  const onAbort = () => stop(() => signal?.reason)

  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    giveUp = () => resolve({ code: null, signal: 'SIGKILL' })
    child.once('exit', (code, endSignal) => resolve({ code, signal: endSignal }))
  })
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  outputs.read(child, (error) => stop(() => error))
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  if (timeoutMs !== undefined) {
    const limitMs = Math.min(timeoutMs, LONGEST_TIMER_MS)
    timers.push(setTimeout(() => stop(() => timeoutError(call, timeoutMs, outputs)), limitMs))
  }
  runningGroups.add(pid)
  options.onStart?.(pid)

  const end = await exited
  for (const timer of timers) clearTimeout(timer)
  signal?.removeEventListener('abort', onAbort)
  signalGroup(pid, 'SIGKILL')
  runningGroups.delete(pid)
  await Promise.race([closed, silence(outputs)])
  // Whoever left the group (a daemon with a session of its own) may hold the other ends for ever.
  child.stdout?.destroy()
  child.stderr?.destroy()
  outputs.end()

  if (stopReason) throw stopReason()
  return {
    exitCode: end.code ?? undefined,
    signal: end.signal ?? undefined,
    stdout: outputs.stdout.text(),
    stderr: outputs.stderr.text(),
    seconds: (performance.now() - startedAt) / 1000,
  }
}

/** Waits until nothing more comes out of the pipes, which may stay open; bounded, for a daemon that goes on printing. */
async function silence(outputs: ToolOutputs): Promise<void> {
  for (let round = 0; round < DRAIN_ROUNDS; round += 1) {
    const seen = outputs.bytesSeen
    await delay(DRAIN_MS)
    // A full turn of the event loop, so that bytes which were waiting while we were busy are read.
    await nextTurn()
    if (outputs.bytesSeen === seen) return
  }
}

function environmentOf(call: ToolCall, as: Account | undefined): Record<string, string> {
  const own = hostEnvironment(process.env)
  if (as) {
    // Directories of root's own are of no use to another account.
    for (const name of Object.keys(own)) if (name.startsWith('XDG_')) delete own[name]
    Object.assign(own, { HOME: '/', USER: as.name })
  }
  return { ...own, ...call.env }
}

function startFailure(call: ToolCall, cause: unknown): CvmError {
  const why = cause instanceof Error ? cause.message : 'the operating system refused'
  return new CvmError('TOOL_FAILED', `${call.tool} could not be started`, { why, cause })
}

function timeoutError(call: ToolCall, timeoutMs: number, outputs: ToolOutputs): CvmError {
  const lines = lastLines({ stdout: outputs.stdout.text(), stderr: outputs.stderr.text() })
  return new CvmError('TOOL_TIMED_OUT', `${call.tool} did not end within ${timeoutMs / 1000} s and was ended`, {
    lines,
  })
}

/** Groups that would outlive us, because they are not in the group of our terminal. */
const runningGroups = new Set<number>()
process.on('exit', () => {
  for (const pid of runningGroups) signalGroup(pid, 'SIGKILL')
})

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    // EPERM: only a program of another account is left in the group (sudo inside a script).
    if (!isGoneError(error) && !(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error
  }
}

/** The last 20 lines that tell a person most: those of stderr, or of stdout when stderr is empty. */
function lastLines(result: Pick<ToolResult, 'stdout' | 'stderr'>): readonly string[] {
  const text = result.stderr.trim() === '' ? result.stdout : result.stderr
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-SHOWN_LINES)
}

/** The third is what GNU tar says of a write that stopped half-way. */
const NO_ROOM = /No space left on device|Disk quota exceeded|Wrote only \d+ of \d+ bytes/
const SHOWN_LINES = 20
const DEFAULT_GRACE_MS = 10_000
const UNKILLABLE_AFTER_MS = 15_000
const DRAIN_MS = 300
const DRAIN_ROUNDS = 10
/** setTimeout fires at once above this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

import { readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A process that cannot be mixed up with a later one that got the same pid.
 *
 * `startTime` is field 22 of /proc/PID/stat: clock ticks since boot, so it only means something within one boot.
 */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTime: string
}

/** Who the process is now; undefined when there is none, or only its zombie. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const fields = statFields(pid)
  const state = fields?.[0]
  const startTime = fields?.[19]
  if (state === undefined || startTime === undefined || state === 'Z' || state === 'X') return undefined
  return { pid, startTime }
}

export function isRunning(process: ProcessIdentity): boolean {
  return identifyProcess(process.pid)?.startTime === process.startTime
}

/** Sends a signal to that very process; to its whole group when it leads one. Nothing happens when it is gone. */
export function signalProcess(target: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(target)) return
  const leadsGroup = statFields(target.pid)?.[2] === String(target.pid)
  try {
    process.kill(leadsGroup ? -target.pid : target.pid, signal)
  } catch (error) {
    if (!isGoneError(error)) throw error
  }
}

/** Asks the process to end, then makes it; true when it is gone. Each of the two steps waits up to `stepMs`. */
export async function endProcess(target: ProcessIdentity, stepMs: number): Promise<boolean> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    signalProcess(target, signal)
    if (await isGoneWithin(target, stepMs)) return true
  }
  return false
}

/** True when the program of the process is QEMU: a pidfile may name a process that has nothing to do with us. */
export function isQemu(pid: number): boolean {
  try {
    const program = basename(readlinkSync(`/proc/${pid}/exe`))
    return program.startsWith('qemu-system-') || program.startsWith('qemu-kvm')
  } catch {
    return false
  }
}

/** Changes with every boot of the host. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

/** True for the error of a signal to a process that is no more. */
export function isGoneError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH'
}

async function isGoneWithin(target: ProcessIdentity, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs
  while (isRunning(target)) {
    if (performance.now() > until) return false
    await sleep(POLL_MS)
  }
  return true
}

/** The fields after the program's name, which is in parentheses and may hold spaces and parentheses itself. */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

const POLL_MS = 25

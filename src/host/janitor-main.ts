/**
 * The janitor's own program: remembers what to clean, and cleans when the pipe from its parent ends without `done`.
 * Started by janitor.ts only.
 */
import { execFile } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { JanitorOrder } from './janitor.js'
import { endProcess, identifyProcess, isQemu, type ProcessIdentity } from './processes.js'
import { TERMINAL_RESET } from './terminal-reset.js'

/** Up here: the statements below run before anything further down is initialised. */
const STEP_MS = 3_000
const orders: JanitorOrder[] = []
// Whoever ends the run by these wants us to clean up all the more.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => {})

for await (const line of createInterface({ input: process.stdin })) {
  const order = parseOrder(line)
  if (order?.watch === 'done') process.exit(0)
  if (order) orders.push(order)
}
await cleanUp()

/** Processes first: what a path holds may still be in use by them. */
async function cleanUp(): Promise<void> {
  await Promise.allSettled(orders.map(restoreTerminal))
  await Promise.allSettled(orders.flatMap(processesOf).map((target) => endProcess(target, STEP_MS)))
  for (const order of orders) {
    if (order.watch !== 'path' || !isStillOurs(order)) continue
    // What cannot be removed stays; there is nobody left to tell.
    await rm(order.path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
  }
}

/** Whoever sits there waits for it, so it comes first. */
async function restoreTerminal(order: JanitorOrder): Promise<void> {
  if (order.watch !== 'terminal') return
  await new Promise<void>((resolve) => {
    execFile('/bin/stty', ['-F', order.path, order.settings], { timeout: STEP_MS }, () => resolve())
  })
  // What the guest has switched on, a person would have to switch off blindly.
  await writeFile(order.path, TERMINAL_RESET, { flag: 'a' }).catch(() => {})
}

function processesOf(order: JanitorOrder): readonly ProcessIdentity[] {
  if (order.watch === 'pid') return [{ pid: order.pid, startTime: order.startTime }]
  if (order.watch !== 'pidfile') return []
  return pidfilesAt(order.path).flatMap((file) => {
    const pid = Number(readFileSync(file, 'utf8').trim())
    const identity = Number.isSafeInteger(pid) && pid > 1 && isQemu(pid) ? identifyProcess(pid) : undefined
    return identity ? [identity] : []
  })
}

function pidfilesAt(path: string): readonly string[] {
  if (!existsSync(path)) return []
  if (!lstatSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .filter((name) => name.endsWith('.pid'))
    .map((name) => join(path, name))
}

function isStillOurs(order: Extract<JanitorOrder, { watch: 'path' }>): boolean {
  const entry = lstatSync(order.path, { throwIfNoEntry: false })
  if (!entry) return false
  return order.ino === undefined || (entry.ino === order.ino && entry.dev === order.dev)
}

function parseOrder(line: string): JanitorOrder | undefined {
  try {
    // Our own parent wrote it; a line that was cut short by its death does not parse.
    return JSON.parse(line) as JanitorOrder
  } catch {
    return undefined
  }
}

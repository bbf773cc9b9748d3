import { createHash } from 'node:crypto'
import { link, open, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CvmError } from '../model/errors.js'
import { bootId, identifyProcess, isRunning } from './processes.js'

/** Who holds an output. The start time and the boot id tell the process from a later one with the same pid. */
export interface LockHolder {
  readonly pid: number
  readonly startTime: string
  readonly bootId: string
  readonly runId: string
  /** ISO 8601, for people. */
  readonly since: string
}

/** The right to make one output; released when it is disposed of. */
export interface OutputLock extends AsyncDisposable {
  readonly path: string
  /** A sentence about the dead run whose lock this was. */
  readonly tookOver: string | undefined
}

/**
 * Locks an output for this process, with a file `.NAME.lock` beside it.
 *
 * @throws {CvmError} OUTPUT_LOCKED while another run that is alive holds it; OUTPUT_UNWRITABLE when no file can be made there.
 */
export async function lockOutput(outputPath: string, runId: string): Promise<OutputLock> {
  const path = lockPathOf(outputPath)
  const mine: LockHolder = { ...ourselves(), runId, since: new Date().toISOString() }
  let tookOver: string | undefined

  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (await create(path, mine)) {
      if (tookOver === undefined && attempt === 0) return heldLock(path, mine, tookOver)
      if (await isStillOurs(path, mine)) return heldLock(path, mine, tookOver)
      continue
    }
    const text = await readIfThere(path)
    if (text === undefined) continue
    const holder = parseHolder(text)
    if (holder && isAlive(holder)) throw lockedError(outputPath, path, holder)
    if (await removeStale(path, text, mine)) tookOver = takeoverWords(holder)
  }
  throw new CvmError('OUTPUT_LOCKED', `${outputPath} is locked: other runs keep taking it`, {
    why: `The lock file ${path} changed hands ${ATTEMPTS} times.`,
  })
}

/** A name of 255 bytes has no room for more, so long names are replaced by their digest. */
export function lockPathOf(outputPath: string): string {
  const name = basename(outputPath)
  const short = Buffer.byteLength(name) <= LONGEST_NAME ? name : createHash('sha256').update(name).digest('hex')
  return join(dirname(outputPath), `.${short}.lock`)
}

function heldLock(path: string, mine: LockHolder, tookOver: string | undefined): OutputLock {
  const release = async () => {
    const text = await readIfThere(path)
    if (text !== undefined && parseHolder(text)?.runId === mine.runId) await rm(path, { force: true })
  }
  return { path, tookOver, [Symbol.asyncDispose]: release }
}

/** Makes the file in one step with its content complete: a link to a finished file, which fails when the name is taken. */
async function create(path: string, holder: LockHolder): Promise<boolean> {
  const draft = `${path}.${holder.runId}`
  const text = `${JSON.stringify(holder)}\n`
  try {
    await writeFile(draft, text, { flag: 'wx', mode: 0o644 })
    try {
      await link(draft, path)
    } finally {
      await rm(draft, { force: true })
    }
    return true
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return false
    // File systems without hard links (FAT, some network shares).
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') return await createPlainly(path, text)
    throw unwritableError(path, error)
  }
}

async function createPlainly(path: string, text: string): Promise<boolean> {
  try {
    await using file = await open(path, 'wx', 0o644)
    await file.writeFile(text)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw unwritableError(path, error)
  }
}

/**
 * Takes a dead run's file away; false when it was not the file that we had read, or somebody else is at it.
 *
 * Only who has made the guard may remove the file, and the guard is named after what is in the file: so nobody can remove a
 * lock that took its place meanwhile.
 */
async function removeStale(path: string, readText: string, mine: LockHolder): Promise<boolean> {
  const guard = `${path}.${createHash('sha256').update(readText).digest('hex').slice(0, 16)}`
  if (!(await create(guard, mine))) {
    const other = parseHolder((await readIfThere(guard)) ?? '')
    if (other !== undefined && !isAlive(other)) await rm(guard, { force: true })
    else await delay(GUARDED_MS)
    return false
  }
  try {
    if ((await readIfThere(path)) !== readText) return false
    await rm(path)
    return true
  } finally {
    await rm(guard, { force: true })
  }
}

/** A second net, should a run have died while it held a guard: a moment later it is clear whose the lock is. */
async function isStillOurs(path: string, mine: LockHolder): Promise<boolean> {
  await delay(SETTLE_MS)
  const text = await readIfThere(path)
  return text !== undefined && parseHolder(text)?.runId === mine.runId
}

function ourselves(): Pick<LockHolder, 'pid' | 'startTime' | 'bootId'> {
  const identity = identifyProcess(process.pid)
  if (!identity) throw new Error('/proc does not show our own process')
  return { ...identity, bootId: bootId() }
}

function isAlive(holder: LockHolder): boolean {
  return holder.bootId === bootId() && isRunning(holder)
}

function parseHolder(text: string): LockHolder | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { pid, startTime, bootId: boot, runId, since } = value as Record<string, unknown>
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return undefined
  if (typeof startTime !== 'string' || typeof boot !== 'string') return undefined
  if (typeof runId !== 'string' || typeof since !== 'string') return undefined
  return { pid, startTime, bootId: boot, runId, since }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw unwritableError(path, error)
  }
}

function takeoverWords(holder: LockHolder | undefined): string {
  if (!holder) return 'took over a lock file that names nobody'
  return `took over the lock of run ${holder.runId} (pid ${holder.pid}, since ${holder.since}), which is no more`
}

function lockedError(outputPath: string, path: string, holder: LockHolder): CvmError {
  return new CvmError('OUTPUT_LOCKED', `${outputPath} is locked by pid ${holder.pid} since ${holder.since}`, {
    why: `That process (run ${holder.runId}) is alive; its lock file is ${path}`,
  })
}

function unwritableError(path: string, cause: unknown): CvmError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new CvmError('OUTPUT_UNWRITABLE', `No lock file can be made in ${dirname(path)}`, { why, cause })
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** Much longer than between making a lock and somebody else taking it away by mistake. */
const SETTLE_MS = 100
const GUARDED_MS = 20
const ATTEMPTS = 10
const LONGEST_NAME = 200

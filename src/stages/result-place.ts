import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import { finalPath, writeTarget } from '../host/write-target.js'
import { sameFile } from '../image/file-identity.js'
import type { ErrorCode } from '../model/error-table.js'
import { CvmError } from '../model/errors.js'

/** A file that a test writes; `flag` is how the person named it. */
export interface ResultFile {
  readonly flag: string
  readonly path: string
  /** Its directory is made when it is not there. */
  readonly makesDirectory?: true
}

/** A file that nothing may be written over; `what` is what people call it. */
export interface KeptFile {
  readonly what: string
  readonly path: string
}

/**
 * All files that a test will write can be written where they are asked for, and are neither one of `kept` nor each other, by whatever
 * links. Asked before anything is done; changes nothing.
 *
 * @throws {CvmError} with every problem: USAGE when one is another file of the test, OUTPUT_UNWRITABLE.
 */
export async function assertResultPlaces(results: readonly ResultFile[], kept: readonly KeptFile[]): Promise<void> {
  const problems: Problem[] = []
  for (const [index, result] of results.entries()) {
    const found =
      (await unwritable(result)) ??
      (await clash(result, kept)) ??
      (await clash(result, results.slice(0, index).map(asKept)))
    if (found !== undefined) problems.push(found)
  }
  const [first, ...others] = problems
  if (first === undefined) return
  const next = 'Give another file, in a directory that is there and that you may write to.'
  if (others.length === 0) throw new CvmError(first.code, first.message, { ...first, next })
  const lines = problems.map(({ message, why }) => (why === undefined ? message : `${message}: ${why}`))
  const message = `${problems.length} files cannot be written where they are asked for`
  throw new CvmError(first.code, message, { lines, next })
}

interface Problem {
  readonly code: ErrorCode
  readonly message: string
  readonly why?: string
}

async function unwritable({ flag, path, makesDirectory }: ResultFile): Promise<Problem | undefined> {
  const target = await writeTarget(path)
  if (target.kind === 'unfit') return refused(flag, path, target.why)
  if (target.kind !== 'file') return undefined
  const above = await finalPath(dirname(target.path))
  const dir = makesDirectory === true ? await nearestThere(above) : above
  try {
    await access(dir, constants.W_OK | constants.X_OK)
    // Only a directory has a "." in it.
    await access(`${dir}/.`)
    return undefined
  } catch (error) {
    return refused(flag, path, error instanceof Error ? error.message : String(error))
  }
}

function refused(flag: string, path: string, why: string): Problem {
  return { code: 'OUTPUT_UNWRITABLE', message: `${flag} ${path} cannot be written`, why }
}

async function clash({ flag, path }: ResultFile, others: readonly KeptFile[]): Promise<Problem | undefined> {
  const target = await writeTarget(path)
  // Nothing is lost when two of them go to a terminal or to /dev/null.
  if (target.kind === 'stream' || target.kind === 'own') return undefined
  for (const { what, path: other } of others) {
    const same = (await sameFile(path, other)) || (await finalPath(path)) === (await finalPath(other))
    if (same) return { code: 'USAGE', message: `${flag} would write over ${what}: ${path}` }
  }
  return undefined
}

function asKept({ flag, path }: ResultFile): KeptFile {
  return { what: `the file of ${flag}`, path }
}

async function nearestThere(dir: string): Promise<string> {
  const there = await access(dir).then(
    () => true,
    () => false,
  )
  return there || dirname(dir) === dir ? dir : await nearestThere(dirname(dir))
}

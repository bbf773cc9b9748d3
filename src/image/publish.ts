import { link, lstat, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CvmError } from '../model/errors.js'
import { quoted } from './quoted.js'

export interface Publication {
  /** The finished file, in the directory of the output. */
  readonly candidatePath: string
  readonly outputPath: string
  /** What to do with an old file of that name; `replace` keeps it until the new one takes its place in one step. */
  readonly existing: 'refuse' | 'replace'
  /** Permissions of the output whatever the umask is. */
  readonly mode?: number
}

/**
 * Gives a finished file the output's name, so that after a crash there is the old file or the whole new one.
 *
 * On failure the candidate stays where it is.
 *
 * @throws CvmError OUTPUT_EXISTS, OUTPUT_UNWRITABLE (a directory, or no permission), NO_SPACE, IO_ERROR.
 */
export async function publish({ candidatePath, outputPath, existing, mode = 0o644 }: Publication): Promise<void> {
  await assertNoDirectory(outputPath)
  try {
    await flushFile(candidatePath, mode)
    if (existing === 'replace') await rename(candidatePath, outputPath)
    else await moveToFreeName(candidatePath, outputPath)
    await flushDirectory(dirname(outputPath))
  } catch (cause) {
    throw publishError(outputPath, cause)
  }
}

async function assertNoDirectory(path: string): Promise<void> {
  const entry = await lstat(path).catch(() => undefined)
  if (entry?.isDirectory()) throw new CvmError('OUTPUT_UNWRITABLE', `the output ${quoted(path)} is a directory`)
}

async function flushFile(path: string, mode: number): Promise<void> {
  await using file = await open(path, 'r+')
  await file.chmod(mode)
  await file.sync()
}

/** Unlike rename, a hard link never replaces a file that came there in the meantime. */
async function moveToFreeName(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (cause) {
    if (!NO_HARD_LINKS.has(codeOf(cause))) throw cause
    if ((await lstat(to).catch(() => undefined)) !== undefined)
      throw Object.assign(new Error('file exists'), { code: 'EEXIST' })
    await rename(from, to)
    return
  }
  await unlink(from)
}

async function flushDirectory(path: string): Promise<void> {
  await using dir = await open(path, 'r')
  await dir.sync().catch((cause: unknown) => {
    // Some network and FUSE file systems have nothing to flush for a directory.
    if (!['EINVAL', 'ENOTSUP'].includes(codeOf(cause))) throw cause
  })
}

function publishError(outputPath: string, cause: unknown): CvmError {
  const code = codeOf(cause)
  const why = cause instanceof Error ? cause.message : String(cause)
  const kept = { why, cause, next: 'The finished image is kept with the logs of the run; move it where you want it.' }
  if (code === 'EEXIST')
    return new CvmError('OUTPUT_EXISTS', `${quoted(outputPath)} appeared during the run`, { next: kept.next, cause })
  if (['ENOSPC', 'EDQUOT'].includes(code))
    return new CvmError('NO_SPACE', `no room to finish ${quoted(outputPath)}`, kept)
  if (['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EACCES', 'EPERM', 'EROFS'].includes(code)) {
    return new CvmError('OUTPUT_UNWRITABLE', `the output ${quoted(outputPath)} cannot be written`, kept)
  }
  return new CvmError('IO_ERROR', `the finished image could not become ${quoted(outputPath)}`, kept)
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
}

const NO_HARD_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

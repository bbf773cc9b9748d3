import { lstat, open } from 'node:fs/promises'
import { codeOf, takeName } from '../host/take-name.js'
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
    await takeName(candidatePath, outputPath, existing)
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

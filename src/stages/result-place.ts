import { constants } from 'node:fs'
import { access, lstat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { sameFile } from '../image/file-identity.js'
import { CvmError } from '../model/errors.js'

/**
 * A file that a test will write can be written there; asked before the boot, which takes minutes. `flag` is how the person named it.
 *
 * @throws {CvmError} USAGE when it is the image; OUTPUT_UNWRITABLE.
 */
export async function assertResultPlace(flag: string, file: string, image: string): Promise<void> {
  if (await sameFile(file, image))
    throw new CvmError('USAGE', `${flag} names the image`, { next: 'Give another file.' })
  const there = await lstat(file).catch(() => undefined)
  if (there?.isDirectory()) throw unwritable(flag, file, 'it is a directory')
  const dir = dirname(resolve(file))
  await access(dir, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw unwritable(flag, file, cause instanceof Error ? cause.message : String(cause))
  })
}

function unwritable(flag: string, file: string, why: string): CvmError {
  const next = 'Give a file in a directory that is there and that you may write to.'
  return new CvmError('OUTPUT_UNWRITABLE', `${flag} ${file} cannot be written`, { why, next })
}

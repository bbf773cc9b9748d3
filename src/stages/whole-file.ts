import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { CvmError } from '../model/errors.js'
import { fromSystem } from '../model/system-error.js'

/**
 * All bytes of a regular file.
 *
 * @throws {CvmError} INPUT_NOT_FOUND, INPUT_NOT_A_FILE (also when it has more than `maxBytes`), INPUT_UNREADABLE.
 */
export async function wholeFile(path: string, maxBytes: number = MAX_BYTES): Promise<Buffer> {
  try {
    // Without O_NONBLOCK a pipe without a writer would hold us for ever.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await file.stat()
    if (!stat.isFile()) throw new CvmError('INPUT_NOT_A_FILE', `${path} is not a regular file`)
    if (stat.size > maxBytes)
      throw new CvmError('INPUT_NOT_A_FILE', `${path} is too large for what it should be`, {
        why: `it has ${stat.size} bytes; the limit is ${maxBytes}`,
        next: 'Check the path.',
      })
    return await readFile(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new CvmError('INPUT_NOT_FOUND', `${path} does not exist`, { next: 'Check the path.', cause: error })
    if (code === 'EACCES' || code === 'EPERM')
      throw new CvmError('INPUT_UNREADABLE', `${path} cannot be read`, { cause: error })
    throw fromSystem(error)
  }
}

/** More than any file with a key or a certificate has. */
export const LARGEST_KEY_FILE_BYTES = 1024 * 1024
/** More than any boot loader, kernel or unified kernel image has. */
const MAX_BYTES = 512 * 1024 * 1024

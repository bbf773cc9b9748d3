import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CvmError } from '../model/errors.js'

/**
 * The output can be made at this path: its directory is there and writable, nothing stands in the way.
 *
 * @throws {CvmError} OUTPUT_EXISTS, OUTPUT_UNWRITABLE.
 */
export async function assertOutputPossible(output: string, force: boolean): Promise<void> {
  const dir = dirname(output)
  const there = await stat(dir).catch(() => undefined)
  if (there === undefined) throw new CvmError('OUTPUT_UNWRITABLE', `the directory of the output does not exist: ${dir}`)
  if (!there.isDirectory()) throw new CvmError('OUTPUT_UNWRITABLE', `not a directory: ${dir}`)
  await access(dir, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw new CvmError('OUTPUT_UNWRITABLE', `no permission to write into ${dir}`, { cause })
  })
  const present = await stat(output).catch(() => undefined)
  if (present === undefined) return
  if (!present.isFile())
    throw new CvmError('OUTPUT_UNWRITABLE', `the output is there and is not a regular file: ${output}`)
  if (!force) throw new CvmError('OUTPUT_EXISTS', `${output} is already there`)
}

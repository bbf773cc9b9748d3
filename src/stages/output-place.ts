import { constants } from 'node:fs'
import { access, lstat, readlink, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { sameFile } from '../image/file-identity.js'
import { CvmError } from '../model/errors.js'
import { companionsOf } from '../model/output-names.js'

/**
 * The output can be made at this path, and everything that may come to lie beside it: its directory is there and writable,
 * nothing stands in the way.
 *
 * @throws {CvmError} USAGE, OUTPUT_EXISTS, OUTPUT_UNWRITABLE.
 */
export async function assertOutputPossible(output: string, force: boolean): Promise<void> {
  if (/\.(?:raw|vmdk|vdi|vhdx?|iso)$/i.test(output)) {
    const why = 'it is always qcow2, and programs may believe the ending'
    const next = 'Give a file name, for example -o output.qcow2'
    throw new CvmError('USAGE', `the output cannot be ${basename(output)}`, { why, next })
  }
  await assertOutputFree(output, force)
  for (const { path, what } of companionsOf(output)) await assertFree(path, force, `the ${what} of the output`)
}

/**
 * A file can be made at this path: its directory is there and writable, nothing stands in the way.
 *
 * @param example a file name for the hint, should the path be a directory
 * @throws {CvmError} OUTPUT_EXISTS, OUTPUT_UNWRITABLE.
 */
export async function assertOutputFree(output: string, force: boolean, example = 'output.qcow2'): Promise<void> {
  const dir = dirname(output)
  const there = await stat(dir).catch(() => undefined)
  if (there === undefined) throw new CvmError('OUTPUT_UNWRITABLE', `the directory of the output does not exist: ${dir}`)
  if (!there.isDirectory()) throw new CvmError('OUTPUT_UNWRITABLE', `not a directory: ${dir}`)
  await access(dir, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw new CvmError('OUTPUT_UNWRITABLE', `no permission to write into ${dir}`, { cause })
  })
  await assertFree(output, force, 'the output', example)
}

/**
 * What is to be read and is not the file to change is never replaced, not even with --force: a private key would be gone.
 *
 * @param inputs paths by the option that names them
 * @throws {CvmError} USAGE.
 */
export async function assertNoInput(
  output: string,
  inputs: readonly (readonly [option: string, path: string])[],
): Promise<void> {
  for (const [option, path] of inputs) {
    if (!(await sameFile(path, output))) continue
    throw new CvmError('USAGE', `the output ${output} is the file of ${option}`, { next: 'Give another path with -o.' })
  }
}

async function assertFree(path: string, force: boolean, what: string, example = 'output.qcow2'): Promise<void> {
  const present = await lstat(path).catch(() => undefined)
  if (present === undefined) return
  if (present.isDirectory()) {
    const next = `Name the file to make: -o ${join(path, example)}`
    throw new CvmError('OUTPUT_UNWRITABLE', `${what} is a directory: ${path}`, { next })
  }
  // It would be replaced by the output, which then would not be where it leads to.
  if (present.isSymbolicLink()) {
    const next = 'Give the path that it leads to, or remove the link.'
    throw new CvmError('OUTPUT_UNWRITABLE', `${what} is a link to ${await readlink(path)}: ${path}`, { next })
  }
  if (!present.isFile()) throw new CvmError('OUTPUT_UNWRITABLE', `${what} is there and is not a regular file: ${path}`)
  if (!force) throw new CvmError('OUTPUT_EXISTS', `${path} is already there`)
}

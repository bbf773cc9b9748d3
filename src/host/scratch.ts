import { randomBytes } from 'node:crypto'
import { chmod, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import fse from 'fs-extra'
import tmp from 'tmp'
import { CvmError } from '../model/errors.js'
import { isNoSpace } from '../model/system-error.js'

/** A directory of this run's own; gone, with all in it, when it is disposed of. */
export interface Scratch extends AsyncDisposable {
  readonly path: string
  remove(): Promise<void>
}

/**
 * Makes a new directory NAME with a random ending and exactly this mode, whatever the umask.
 *
 * @param name one path component
 * @throws {CvmError} IO_ERROR when the parent is not there or takes no new directory; NO_SPACE.
 * @param mode permission bits, for example 0o700
 */
export async function makeScratch(parentDir: string, name: string, mode: number): Promise<Scratch> {
  const path = await new Promise<string>((resolve, reject) => {
    // Not tmp's `template`: it refuses names with two dots in them and fills in an XXXXXX of the parent's name too.
    tmp.dir({ tmpdir: parentDir, name: `${name}-${randomBytes(4).toString('hex')}`, mode }, (error, made) =>
      error ? reject(notMade(parentDir, error)) : resolve(made),
    )
  })
  await chmod(path, mode)
  const remove = () => removeTree(path)
  return { path, remove, [Symbol.asyncDispose]: remove }
}

function notMade(parentDir: string, cause: Error): CvmError {
  return new CvmError(isNoSpace(cause) ? 'NO_SPACE' : 'IO_ERROR', `no directory can be made in ${parentDir}`, {
    why: cause.message,
    cause,
  })
}

/** Removes a tree without following links; directories that forbid it (mode 0000 in a plugin's files/) are opened first. */
async function removeTree(path: string): Promise<void> {
  try {
    await fse.remove(path)
  } catch (error) {
    if (!isPermissionError(error)) throw error
    await openDirectories(path)
    await fse.remove(path)
  }
}

async function openDirectories(dir: string): Promise<void> {
  if (!(await lstat(dir)).isDirectory()) return
  await chmod(dir, 0o700)
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) await openDirectories(join(dir, entry.name))
  }
}

function isPermissionError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')
}

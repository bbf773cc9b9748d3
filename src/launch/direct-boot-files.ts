import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { CvmError } from '../model/errors.js'
import type { SettledLaunch } from '../model/launch.js'

/**
 * Kernel and initrd of a direct boot are files with something in them, which we may read. Whether they are what their names say is for QEMU and the guest
 * to find out.
 *
 * @throws {CvmError} LAUNCH_INVALID with all that is wrong.
 */
export async function assertDirectBootFiles({ wishes, origins }: SettledLaunch): Promise<void> {
  const problems: string[] = []
  for (const key of ['kernel', 'initrd'] as const) {
    const problem = wishes[key] === undefined ? undefined : await problemOf(key, wishes[key])
    if (problem !== undefined) problems.push(`${problem} (named by ${origins[key]})`)
  }
  const [first, ...others] = problems
  if (first === undefined) return
  if (others.length === 0) throw new CvmError('LAUNCH_INVALID', first)
  throw new CvmError('LAUNCH_INVALID', 'neither the kernel nor the initrd can be used', { lines: problems })
}

async function problemOf(what: 'kernel' | 'initrd', path: string): Promise<string | undefined> {
  try {
    const there = await stat(path)
    if (!there.isFile()) return `the ${what} ${path} is not a regular file`
    if (there.size === 0) return `the ${what} ${path} is empty`
    await access(path, constants.R_OK)
    return undefined
  } catch (error) {
    return `the ${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
}

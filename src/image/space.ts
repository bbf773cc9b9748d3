import { statfs } from 'node:fs/promises'
import { CvmError } from '../model/errors.js'
import { quoted } from './quoted.js'

/** Bytes a run needs beside its output: the image once, what the guest adds, and a tenth on top. */
export function neededBytes(imageBytes: number, growthBytes: number): number {
  return Math.ceil((imageBytes + growthBytes) * 1.1)
}

/** Bytes that this user may still write on the file system of `dir`. */
export async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir)
  return bavail * bsize
}

/**
 * There is room for the run in `dir`, before anything is written.
 *
 * @throws CvmError NO_SPACE with both numbers.
 */
export async function assertSpace(dir: string, imageBytes: number, growthBytes: number): Promise<void> {
  const needed = neededBytes(imageBytes, growthBytes)
  const free = await freeBytes(dir)
  if (free >= needed) return
  const why = `the run needs about ${inGiB(needed)} (image ${inGiB(imageBytes)}, growth ${inGiB(growthBytes)}, 10 % more), ${inGiB(free)} are free`
  throw new CvmError('NO_SPACE', `not enough room in ${quoted(dir)}`, { why })
}

function inGiB(bytes: number): string {
  return bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`
}

import { closeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { CvmError } from '../model/errors.js'
import { openTarget, type WriteTarget, writeAll } from './write-target.js'
import { writeWholeFile } from './write-whole-file.js'

/**
 * Writes a result where `target` says: a file comes whole in place of an older one, a terminal or a pipe is written to.
 *
 * @throws {CvmError} OUTPUT_UNWRITABLE, NO_SPACE, IO_ERROR.
 */
export async function writeResult(target: WriteTarget, text: string): Promise<void> {
  const bytes = Buffer.from(text)
  if (target.kind === 'file') {
    await writeWholeFile({ path: target.path, bytes, mode: 0o644, existing: 'replace' })
    return
  }
  try {
    const { fd, close } = openTarget(target)
    try {
      writeAll(fd, bytes)
    } finally {
      if (close) closeSync(fd)
    }
  } catch (cause) {
    const where = 'path' in target ? target.path : 'its place'
    const why = cause instanceof Error ? cause.message : String(cause)
    const next = 'Give another file for it.'
    throw new CvmError('OUTPUT_UNWRITABLE', `the result cannot be written to ${where}`, { why, next, cause })
  }
}

/** The first bytes of a file, none of one that is not there or cannot be read. */
export async function firstBytes(path: string, bytes: number): Promise<Buffer> {
  try {
    await using file = await open(path, 'r')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0)
    return buffer.subarray(0, bytesRead)
  } catch {
    return Buffer.alloc(0)
  }
}

import { createReadStream } from 'node:fs'
import { LARGEST_FORM_BYTES } from './yaml-form.js'

/**
 * Reads a file for readYamlForm, and no more of it than shows that it is too large: it may be a disk, or a device without an end. A pipe
 * is as good as a file.
 *
 * It throws the operating system's error.
 */
export async function readFormBytes(path: string): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of createReadStream(path, { end: LARGEST_FORM_BYTES })) pieces.push(piece)
  return Buffer.concat(pieces)
}

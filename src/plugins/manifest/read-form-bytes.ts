import { constants, createReadStream, openSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { LARGEST_FORM_BYTES } from './yaml-form.js'

/**
 * Reads a file for readYamlForm, and no more of it than shows that it is too large: it may be a disk, or a device without an end. A pipe
 * is as good as a file; `signal` ends the wait for its writer.
 *
 * It throws the operating system's error, or the reason of `signal`.
 */
export async function readFormBytes(path: string, signal?: AbortSignal): Promise<Buffer> {
  if ((await stat(path)).isFIFO()) return await readPipe(path, signal)
  return await firstBytesOf(createReadStream(path, { end: LARGEST_FORM_BYTES }))
}

/** Opening a pipe the usual way would hold us until somebody writes, whatever happens here. */
async function readPipe(path: string, signal: AbortSignal | undefined): Promise<Buffer> {
  // A bare descriptor, which the socket closes; it reads when there is something to read.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const socket = new Socket({ fd, readable: true, writable: false, ...(signal === undefined ? {} : { signal }) })
  try {
    return await firstBytesOf(socket)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    socket.destroy()
  }
}

async function firstBytesOf(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of stream) {
    pieces.push(piece)
    length += piece.length
    if (length > LARGEST_FORM_BYTES) break
  }
  return Buffer.concat(pieces).subarray(0, LARGEST_FORM_BYTES + 1)
}

/**
 * The bytes of a file for readYamlForm: of a file that is larger than it takes only so many that it sees that.
 *
 * @throws {Error} of the system; for what is no regular file, such as a pipe, which could have no end.
 */
export async function readFormFile(path: string): Promise<Buffer> {
  // Without O_NONBLOCK a pipe without a writer would hold us for ever.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const facts = await file.stat()
  if (!facts.isFile()) throw new Error('it is not a regular file')
  const bytes = Buffer.alloc(Math.min(facts.size, LARGEST_FORM_BYTES + 1))
  return bytes.subarray(0, (await file.read(bytes, 0, bytes.length, 0)).bytesRead)
}

import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readdir, readlink, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { CvmError } from '../model/errors.js'
import type { FileIdentity } from '../model/image.js'
import { identityOf } from './file-identity.js'
import { nearestName } from './nearest-name.js'
import { QCOW2_HEAD_BYTES } from './qcow2-header.js'
import { quoted } from './quoted.js'

/** The bytes of a file that decide what it is. */
export interface FileStart {
  readonly head: Buffer
  /** The last 512 bytes; some formats are known only by them. */
  readonly tail: Buffer
  readonly identity: FileIdentity
  /** Bytes that it takes on its disk, holes left out. */
  readonly storedBytes: number
}

/**
 * Reads the first 2 MiB and the last 512 bytes of a regular file with bytes in it; links are followed.
 *
 * @throws CvmError INPUT_NOT_FOUND, INPUT_NOT_A_FILE, INPUT_EMPTY, INPUT_UNREADABLE.
 */
export async function readFileStart(path: string): Promise<FileStart> {
  await assertRegularFile(path)
  await using file = await openForReading(path)
  const entry = await file.stat({ bigint: true })
  // It may have been exchanged since; opening did not wait for a writer, thanks to O_NONBLOCK.
  if (!entry.isFile()) throw new CvmError('INPUT_NOT_A_FILE', `${quoted(path)} is not a regular file any more`)
  const identity = identityOf(entry)
  if (identity.sizeBytes === 0) throw new CvmError('INPUT_EMPTY', `${quoted(path)} is empty`)
  try {
    const head = await readPiece(file, 0, Math.min(QCOW2_HEAD_BYTES, identity.sizeBytes))
    const tailBytes = Math.min(TAIL_BYTES, identity.sizeBytes)
    const tail = await readPiece(file, identity.sizeBytes - tailBytes, tailBytes)
    return { head, tail, identity, storedBytes: Math.min(Number(entry.blocks) * 512, identity.sizeBytes) }
  } catch (cause) {
    throw new CvmError('INPUT_UNREADABLE', `${quoted(path)} cannot be read`, { why: messageOf(cause), cause })
  }
}

async function assertRegularFile(path: string): Promise<void> {
  let entry: Awaited<ReturnType<typeof stat>>
  try {
    entry = await stat(path)
  } catch (cause) {
    throw await notFound(path, cause)
  }
  if (entry.isFile()) return
  const kind = entry.isDirectory()
    ? 'a directory'
    : entry.isBlockDevice()
      ? 'a block device'
      : entry.isCharacterDevice()
        ? 'a character device'
        : entry.isFIFO()
          ? 'a pipe'
          : 'a socket'
  throw new CvmError('INPUT_NOT_A_FILE', `${quoted(path)} is ${kind}, not a regular file`)
}

async function notFound(path: string, cause: unknown): Promise<CvmError> {
  const code = codeOf(cause)
  if (code === 'EACCES' || code === 'EPERM') {
    return new CvmError('INPUT_UNREADABLE', `${quoted(path)} cannot be reached`, { why: messageOf(cause), cause })
  }
  const target = await linkTarget(path)
  if (target !== undefined) {
    const what = `${quoted(path)} is a link to ${quoted(target)}, ${code === 'ELOOP' ? 'which leads back to it' : 'which is not there'}`
    return new CvmError('INPUT_NOT_FOUND', what, { cause })
  }
  const message = `there is no file ${quoted(path)}`
  if (path.includes('\uFFFD')) {
    const next = 'Make a link with a plain name to it: ln -s FILE input.qcow2'
    return new CvmError('INPUT_NOT_FOUND', message, { why: 'its name is not valid UTF-8', next, cause })
  }
  const near = nearestName(basename(path), await fileNames(dirname(path)))
  if (near !== undefined)
    return new CvmError('INPUT_NOT_FOUND', message, { why: `did you mean ${quoted(near)}?`, cause })
  return new CvmError('INPUT_NOT_FOUND', message, { cause })
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined
  } catch {
    return undefined
  }
}

async function fileNames(dir: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true })
    return entries.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map(({ name }) => name)
  } catch {
    return []
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    throw new CvmError('INPUT_UNREADABLE', `${quoted(path)} cannot be opened`, { why: messageOf(cause), cause })
  }
}

async function readPiece(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const piece = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(piece, done, length - done, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return piece.subarray(0, done)
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

const TAIL_BYTES = 512

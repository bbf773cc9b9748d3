import { lstat, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type FirmwareContents, readContents } from '../firmware/firmware-contents.js'
import { writeWholeFile } from '../host/write-whole-file.js'
import { assertUnchanged } from '../image/file-identity.js'
import { isQcow2, readQcow2Header } from '../image/qcow2-header.js'
import { quoted } from '../image/quoted.js'
import { type FileStart, readFileStart } from '../image/read-start.js'
import { CvmError } from '../model/errors.js'
import type { FileIdentity } from '../model/image.js'

/** A file with variables on disk, and what is in it. */
export interface FirmwareFile {
  /** Absolute. */
  readonly path: string
  readonly format: 'raw' | 'qcow2' | 'json'
  readonly identity: FileIdentity
  readonly contents: FirmwareContents
}

/**
 * Reads a variable file, a firmware in a single file, or the JSON form; a qcow2 file through qemu-img, after our own look at it.
 *
 * @throws CvmError INPUT_*, IMAGE_* of a qcow2 header, IMAGE_IN_USE, TOOL_*, FIRMWARE_FILE_REFUSED.
 */
export async function openFirmware(file: string, signal?: AbortSignal): Promise<FirmwareFile> {
  const path = resolve(file)
  const start = await startOf(path)
  const isLayered = isQcow2(start.head)
  const bytes = isLayered ? await fromQcow2(path, start, signal) : await allBytes(path, start)
  const contents = withFileName(path, () => readContents(bytes))
  const format = isLayered ? 'qcow2' : contents.form === 'json' ? 'json' : 'raw'
  return { path, format, identity: start.identity, contents }
}

/**
 * Bytes that a code or variable file gives to the flash: of a qcow2 file those of its disk.
 *
 * @throws CvmError INPUT_*, IMAGE_* of a qcow2 header.
 */
export async function flashBytes(file: string): Promise<number> {
  const path = resolve(file)
  const start = await startOf(path)
  return isQcow2(start.head) ? virtualBytes(path, start) : start.identity.sizeBytes
}

/**
 * Writes a file in the form of the one it comes from: beside the output, flushed, and renamed to it in one step.
 *
 * @param bytes the new contents, raw also when the file is to be qcow2
 * @param from must still be as it was read
 * @throws CvmError INPUT_CHANGED, OUTPUT_EXISTS, OUTPUT_UNWRITABLE, NO_SPACE, IO_ERROR; of qcow2 also TOOL_*.
 */
export async function writeFirmware(
  from: FirmwareFile,
  bytes: Buffer,
  output: string,
  existing: 'refuse' | 'replace',
  signal?: AbortSignal,
): Promise<void> {
  const mode = ((await lstat(output).catch(() => undefined))?.mode ?? NEW_MODE) & 0o777
  await writeWholeFile({
    path: output,
    bytes: from.format === 'qcow2' ? await (await import('./qcow2-firmware.js')).qcow2Bytes(bytes, signal) : bytes,
    mode,
    existing,
    beforeNaming: () => assertUnchanged(from.path, from.identity),
  })
}

/** Of several files of one command, a refusal names the one that it is about. */
export function withFileName<Value>(path: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof CvmError) || error.code !== 'FIRMWARE_FILE_REFUSED') throw error
    const { code, message, why, next, cause } = error
    throw new CvmError(code, `${quoted(path)}: ${message}`, { ...(why === undefined ? {} : { why }), next, cause })
  }
}

async function startOf(path: string): Promise<FileStart> {
  const start = await readFileStart(path).catch((error: unknown) => {
    if (!(error instanceof CvmError) || error.code !== 'INPUT_NOT_FOUND') throw error
    const { why, cause } = error
    throw new CvmError('INPUT_NOT_FOUND', error.message, {
      ...(why === undefined ? {} : { why }),
      next: 'Check the path.',
      cause,
    })
  })
  if (start.identity.sizeBytes > LARGEST_FIRMWARE_BYTES) throw tooLarge(path, start.identity.sizeBytes)
  return start
}

async function allBytes(path: string, { head, identity }: FileStart): Promise<Buffer> {
  if (head.length === identity.sizeBytes) return head
  const bytes = await readFile(path)
  await assertUnchanged(path, identity)
  return bytes
}

/** What opens qcow2 files is loaded only for them: it doubles the time that the program takes to start. */
async function fromQcow2(path: string, start: FileStart, signal?: AbortSignal): Promise<Buffer> {
  const bytes = virtualBytes(path, start)
  if (bytes > LARGEST_FIRMWARE_BYTES) throw tooLarge(path, bytes)
  const { readQcow2 } = await import('./qcow2-firmware.js')
  return await readQcow2(path, bytes, signal)
}

function virtualBytes(path: string, { head, identity }: FileStart): number {
  const header = readQcow2Header({ head, fileSizeBytes: identity.sizeBytes })
  if (!header.ok) throw new CvmError(header.refused, `${quoted(path)} is refused: ${header.message}`)
  return header.virtualSizeBytes
}

function tooLarge(path: string, bytes: number): CvmError {
  const why = `it has ${bytes} bytes, and firmware has at most ${LARGEST_FIRMWARE_BYTES}`
  return new CvmError('FIRMWARE_FILE_REFUSED', `${quoted(path)} is too large for a firmware`, { why })
}

/** The flash of QEMU's aarch64 machine has 64 MiB, the largest one in use. */
export const LARGEST_FIRMWARE_BYTES = 64 * 1024 * 1024
const NEW_MODE = 0o644

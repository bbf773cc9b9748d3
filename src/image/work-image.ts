import { chmod, lstat, open, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { runTool } from '../host/run-tool.js'
import type { ErrorCode } from '../model/error-table.js'
import { CvmError } from '../model/errors.js'
import type { ToolCall } from '../model/host.js'
import type { ImageFormat, InputImage } from '../model/image.js'
import { checkCall, createOverlayCall, lastWords, readCheck, saysLocked, saysNoSpace } from '../tools/qemu-img.js'
import { SECTOR_BYTES } from './disk-layout.js'
import { QCOW2_HEAD_BYTES, readQcow2Header } from './qcow2-header.js'
import { quoted } from './quoted.js'

/** The image that a run changes: a qcow2 layer over the input, or a full copy of it. */
export interface WorkImage {
  readonly path: string
  /** The link beside it that leads to the input; undefined for a full copy. */
  readonly backing: { readonly linkPath: string; readonly name: string; readonly format: ImageFormat } | undefined
}

export interface WorkImageInput {
  readonly input: InputImage
  /** Absolute path of the file to make, in a directory of this run's own. */
  readonly path: string
  /** Name of the link to the input that is made beside `path`; it becomes the backing file, so no name of the user gets into a header. */
  readonly backingName: string
}

/**
 * Makes an empty layer over the input; the input is only read.
 *
 * @throws CvmError NO_SPACE, IMAGE_IN_USE, IO_ERROR.
 */
export async function createWorkImage({ input, path, backingName }: WorkImageInput): Promise<WorkImage> {
  assertSafe(backingName)
  const linkPath = join(dirname(path), backingName)
  await symlink(input.path, linkPath)
  await make(createOverlayCall(path, backingName, input.format), 'the work image')
  return { path, backing: { linkPath, name: backingName, format: input.format } }
}

/**
 * The same over a copy of the input, for when the input cannot be opened where it lies. A layer all the same: only its small
 * clusters let a deleted file go. Same errors as createWorkImage.
 */
export async function createWorkImageOverCopy({ input, path, backingName }: WorkImageInput): Promise<WorkImage> {
  assertSafe(backingName)
  const copyPath = join(dirname(path), backingName)
  const copied = await runTool(
    { tool: 'cp', args: ['--reflink=auto', '--sparse=always', '--', input.path, copyPath] },
    { timeoutMs: COPY_TIMEOUT_MS },
  )
  if (copied.exitCode !== 0) {
    const code = /No space left on device|Disk quota exceeded/.test(copied.stderr) ? 'NO_SPACE' : 'IO_ERROR'
    throw new CvmError(code, 'the copy of the input could not be made', { why: lastWords(copied) })
  }
  await chmod(copyPath, 0o644)
  await make(createOverlayCall(path, backingName, input.format), 'the work image')
  return { path, backing: { linkPath: copyPath, name: backingName, format: input.format } }
}

function assertSafe(backingName: string): void {
  if (!/^[a-z0-9][a-z0-9._-]{0,60}$/.test(backingName)) {
    throw new Error(`unsafe backing name ${JSON.stringify(backingName)}`)
  }
}

/**
 * The work image is still what the run needs: after each host script, and before publishing.
 *
 * @returns warnings, for example about leaked clusters.
 * @throws CvmError HOST_SCRIPT_BROKE_IMAGE.
 */
export async function checkWorkImage(work: WorkImage): Promise<readonly string[]> {
  const { head, sizeBytes } = await readHead(work.path)
  const allowed = work.backing === undefined ? {} : { allowedBackingFile: work.backing.name }
  const header = readQcow2Header({ head, fileSizeBytes: sizeBytes, ...allowed })
  if (!header.ok) throw broken(work.path, header.message)
  if (header.backingFile !== undefined && work.backing !== undefined) await assertLink(work.backing.linkPath)
  if (header.backingFile !== undefined && header.backingFormat !== work.backing?.format) {
    throw broken(work.path, `the format of its backing file is not ${work.backing?.format} any more`)
  }

  const result = await runTool(checkCall(work.path), { timeoutMs: CHECK_TIMEOUT_MS })
  if (result.exitCode === 0) return header.warnings
  const counts = readCheck(result.stdout)
  if (result.exitCode === 3)
    return [...header.warnings, `the work image has ${counts?.leaks ?? 'some'} leaked clusters`]
  if (saysLocked(result)) throw broken(work.path, 'a program that the script left behind still has it open')
  const errors = counts === undefined ? undefined : counts.corruptions + counts.checkErrors
  throw broken(work.path, errors === undefined ? lastWords(result) : `qemu-img check found ${errors} errors`)
}

/**
 * Bytes of the virtual disk, read from the header (qcow2) or the file size (raw, rounded up to whole sectors).
 *
 * @throws CvmError as `readHead` and the header parser say; HOST_SCRIPT_BROKE_IMAGE or the code of the refusal.
 */
export async function virtualSizeOf(path: string, format: ImageFormat, allowedBackingFile?: string): Promise<number> {
  const { head, sizeBytes } = await readHead(path)
  if (format === 'raw') return Math.ceil(sizeBytes / SECTOR_BYTES) * SECTOR_BYTES
  const allowed = allowedBackingFile === undefined ? {} : { allowedBackingFile }
  const header = readQcow2Header({ head, fileSizeBytes: sizeBytes, ...allowed })
  if (!header.ok) throw new CvmError(header.refused, `${quoted(path)}: ${header.message}`)
  return header.virtualSizeBytes
}

async function readHead(path: string): Promise<{ readonly head: Buffer; readonly sizeBytes: number }> {
  // lstat: a link instead of the image would lead a later step to a file that is not ours.
  const entry = await lstat(path).catch(() => undefined)
  if (entry === undefined) throw broken(path, 'it is gone')
  if (!entry.isFile()) throw broken(path, 'it is not a regular file any more')
  await using file = await open(path, 'r')
  const head = Buffer.alloc(Math.min(entry.size, QCOW2_HEAD_BYTES))
  const { bytesRead } = await file.read(head, 0, head.length, 0)
  return { head: head.subarray(0, bytesRead), sizeBytes: entry.size }
}

async function assertLink(linkPath: string): Promise<void> {
  const entry = await lstat(linkPath).catch(() => undefined)
  if (entry === undefined) throw broken(linkPath, 'the link to the input, beside the work image, is gone')
}

async function make(call: ToolCall, what: string): Promise<void> {
  const result = await runTool(call, { timeoutMs: COPY_TIMEOUT_MS })
  if (result.exitCode === 0) return
  const code: ErrorCode = saysNoSpace(result) ? 'NO_SPACE' : saysLocked(result) ? 'IMAGE_IN_USE' : 'IO_ERROR'
  throw new CvmError(code, `${what} could not be made`, { why: lastWords(result) })
}

function broken(path: string, why: string): CvmError {
  return new CvmError('HOST_SCRIPT_BROKE_IMAGE', `the work image ${quoted(basename(path))} is not usable any more`, {
    why,
  })
}

const CHECK_TIMEOUT_MS = 15 * 60_000
/** A full copy of 2 TiB at 300 MB/s takes two hours. */
const COPY_TIMEOUT_MS = 2 * 60 * 60_000

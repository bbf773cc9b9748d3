import { extname, resolve } from 'node:path'
import { runTool } from '../host/run-tool.js'
import { CvmError } from '../model/errors.js'
import type { ToolResult } from '../model/host.js'
import { type ImageFormat, type InputImage, MAX_VIRTUAL_SIZE_BYTES } from '../model/image.js'
import { checkCall, infoCall, lastWords, readCheck, readVirtualSize, saysLocked } from '../tools/qemu-img.js'
import { hasPartitionSignature, SECTOR_BYTES } from './disk-layout.js'
import { assertUnchanged } from './file-identity.js'
import { recogniseBareVolume, recogniseForeign } from './foreign-formats.js'
import { isQcow2, readQcow2Header } from './qcow2-header.js'
import { quoted } from './quoted.js'
import { type FileStart, readFileStart } from './read-start.js'

/**
 * Says what the input is, or refuses it.
 *
 * Our own reading of its bytes comes first; qemu-img opens it only when that found nothing that could lead to another file,
 * and is told the format. The input is never written.
 *
 * @throws CvmError INPUT_*, IMAGE_* (class image), IMAGE_IN_USE when a virtual machine writes to it, TOOL_TIMED_OUT.
 */
export async function inspectInput(path: string): Promise<InputImage> {
  const absolute = resolve(path)
  const start = await readFileStart(absolute)
  const format = formatOf(absolute, start)
  const own = format === 'qcow2' ? readQcow2(absolute, start) : readRaw(absolute, start)

  await assertOpens(absolute, format, own.virtualSizeBytes)
  const leaks = format === 'qcow2' ? await checkStructures(absolute) : []
  await assertUnchanged(absolute, start.identity)

  return {
    path: absolute,
    format,
    virtualSizeBytes: own.virtualSizeBytes,
    fileSizeBytes: start.identity.sizeBytes,
    storedBytes: start.storedBytes,
    identity: start.identity,
    warnings: [...own.warnings, ...leaks],
  }
}

interface OwnReading {
  readonly virtualSizeBytes: number
  readonly warnings: readonly string[]
}

/**
 * The bytes decide, but a name that says raw must not be contradicted by them.
 *
 * A guest that writes a qcow2 header into its raw disk could otherwise choose how the host reads it.
 *
 * @throws CvmError IMAGE_FORMAT_REFUSED, IMAGE_ENCRYPTED.
 */
export function formatOf(path: string, { head, tail }: FileStart): ImageFormat {
  if (isQcow2(head)) {
    if (extname(path).toLowerCase() !== '.raw') return 'qcow2'
    throw new CvmError('IMAGE_FORMAT_REFUSED', `${quoted(path)} is named as a raw disk, and is none`, {
      why: 'its first bytes are a qcow2 header; a guest can write one into its raw disk',
      next: 'If you know that it is a qcow2 image, rename it: mv NAME.raw NAME.qcow2',
    })
  }

  const foreign = recogniseForeign(head, tail) ?? (hasPartitionSignature(head) ? undefined : recogniseBareVolume(head))
  if (foreign !== undefined) {
    const code = foreign.name === 'luks' ? 'IMAGE_ENCRYPTED' : 'IMAGE_FORMAT_REFUSED'
    throw new CvmError(code, `${quoted(path)} cannot be used: this is ${foreign.what}`, { next: foreign.help })
  }
  if (!hasPartitionSignature(head)) {
    const why = 'it has no qcow2 header, and no partition table (MBR or GPT) that a raw disk image would have'
    throw new CvmError('IMAGE_FORMAT_REFUSED', `${quoted(path)} is not a disk image`, { why })
  }
  return 'raw'
}

function readQcow2(path: string, { head, identity }: FileStart): OwnReading {
  const header = readQcow2Header({ head, fileSizeBytes: identity.sizeBytes })
  if (!header.ok) throw new CvmError(header.refused, `${quoted(path)} is refused: ${header.message}`)
  return header
}

function readRaw(path: string, { identity }: FileStart): OwnReading {
  const virtualSizeBytes = Math.ceil(identity.sizeBytes / SECTOR_BYTES) * SECTOR_BYTES
  if (virtualSizeBytes > MAX_VIRTUAL_SIZE_BYTES) {
    const tebibytes = (virtualSizeBytes / 2 ** 40).toFixed(1)
    throw new CvmError('IMAGE_TOO_LARGE', `${quoted(path)} is a raw disk of ${tebibytes} TiB`)
  }
  return { virtualSizeBytes, warnings: [] }
}

/** qemu-img can open it, nobody writes to it, and it sees the same disk as we do. */
async function assertOpens(path: string, format: ImageFormat, virtualSizeBytes: number): Promise<void> {
  const result = await runTool(infoCall(path, format), { timeoutMs: INFO_TIMEOUT_MS })
  if (result.exitCode !== 0) throw cannotOpen(path, result)
  const size = readVirtualSize(result.stdout)
  if (size !== virtualSizeBytes) {
    const why = `the header says ${virtualSizeBytes} bytes, qemu-img says ${size ?? 'nothing'}`
    throw new CvmError('IMAGE_CORRUPT', `the size of the disk in ${quoted(path)} is not clear`, { why })
  }
}

async function checkStructures(path: string): Promise<readonly string[]> {
  const result = await runTool(checkCall(path), { timeoutMs: CHECK_TIMEOUT_MS })
  const counts = readCheck(result.stdout)
  if (result.exitCode === 0) return []
  if (result.exitCode === 3) {
    return [`${counts?.leaks ?? 'some'} leaked clusters: harmless, they are left out of the output`]
  }
  if (result.exitCode === 2 && counts !== undefined) {
    const errors = counts.corruptions + counts.checkErrors
    throw new CvmError(
      'IMAGE_CORRUPT',
      `${quoted(path)} is cut short or damaged: qemu-img check found ${errors} errors`,
    )
  }
  throw cannotOpen(path, result)
}

function cannotOpen(path: string, result: ToolResult): CvmError {
  const why = lastWords(result)
  if (saysLocked(result)) return new CvmError('IMAGE_IN_USE', `${quoted(path)} is in use by a virtual machine`, { why })
  return new CvmError('IMAGE_CORRUPT', `qemu-img cannot open ${quoted(path)}`, { why })
}

const INFO_TIMEOUT_MS = 60_000
/** A check reads all tables of the image; a minute per some hundred gigabytes on a slow disk. */
const CHECK_TIMEOUT_MS = 15 * 60_000

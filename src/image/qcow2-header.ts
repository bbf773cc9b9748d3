/**
 * Our own reading of a qcow2 header, so that no program opens an image before we know that it refers to nothing else.
 *
 * Source: QEMU, docs/interop/qcow2.txt. The verdict is a value: nothing here throws, and the work is bounded by the size of
 * the given bytes.
 */
import type { ErrorCode } from '../model/error-table.js'
import { MAX_VIRTUAL_SIZE_BYTES } from '../model/image.js'
import { type Qcow2Extensions, readExtensions } from './qcow2-extensions.js'
import {
  EXTENSION,
  FIELD,
  INCOMPATIBLE,
  MAX_L1_BYTES,
  MAX_REFCOUNT_TABLE_BYTES,
  MAX_SNAPSHOTS,
  QCOW2_MAGIC,
  V2_HEADER_LENGTH,
  V3_HEADER_LENGTH,
} from './qcow2-fields.js'
import { quoted } from './quoted.js'

export interface Qcow2Header {
  readonly ok: true
  readonly version: 2 | 3
  readonly virtualSizeBytes: number
  readonly clusterBytes: number
  /** The one backing file that the caller allowed; undefined when the image stands alone. */
  readonly backingFile: string | undefined
  readonly backingFormat: string | undefined
  readonly warnings: readonly string[]
}

export interface Qcow2Refusal {
  readonly ok: false
  readonly refused: ErrorCode
  readonly message: string
}

export interface Qcow2Question {
  /** The first bytes of the file; `QCOW2_HEAD_BYTES` of them, or the whole file when it is shorter. */
  readonly head: Buffer
  readonly fileSizeBytes: number
  /** The only backing file name that is not refused: the link that we made for our own overlay. */
  readonly allowedBackingFile?: string
}

/** The header and its extensions lie in the first cluster, which has at most 2 MiB. */
export const QCOW2_HEAD_BYTES = 2 * 1024 * 1024

export function isQcow2(head: Buffer): boolean {
  return head.length >= 8 && head.readUInt32BE(FIELD.magic) === QCOW2_MAGIC && head.readUInt32BE(FIELD.version) !== 1
}

/** Judges a qcow2 header: what it says, or why the image is refused. */
export function readQcow2Header(question: Qcow2Question): Qcow2Header | Qcow2Refusal {
  const { head } = question
  if (!isQcow2(head)) return refuse('IMAGE_FORMAT_REFUSED', 'this does not start like a qcow2 image')
  const version = head.readUInt32BE(FIELD.version)
  if (version !== 2 && version !== 3) return refuse('IMAGE_FEATURE_UNKNOWN', `qcow2 version ${version} is not known`)
  if (head.length < (version === 2 ? V2_HEADER_LENGTH : V3_HEADER_LENGTH)) {
    return refuse('IMAGE_CORRUPT', `the file ends within its header, after ${head.length} bytes`)
  }

  const fields = readFields(head, version)
  const extensions = readExtensions(head, fields.headerLength, extensionsEnd(fields))
  const warnings: string[] = []
  // References to other files first: they are what matters most, even in a header that is damaged as well.
  const refusal =
    judgeReferences(question, fields, extensions) ??
    judgeEncryption(fields, extensions) ??
    judgeFeatures(fields, extensions, warnings) ??
    judgeGeometry(question.fileSizeBytes, fields, extensions.damaged)
  if (refusal !== undefined) return refusal

  if (fields.snapshotCount > 0) warnings.push(`${fields.snapshotCount} internal snapshots are left out of the output`)
  if (extensions.types.has(EXTENSION.bitmaps)) warnings.push('dirty bitmaps of the image are left out of the output')
  return {
    ok: true,
    version,
    virtualSizeBytes: Number(fields.size),
    clusterBytes: 2 ** fields.clusterBits,
    backingFile: fields.backingFileOffset === 0n ? undefined : question.allowedBackingFile,
    backingFormat: extensions.backingFormat,
    warnings,
  }
}

type Fields = ReturnType<typeof readFields>

function readFields(head: Buffer, version: 2 | 3) {
  const isV3 = version === 3
  const headerLength = isV3 ? head.readUInt32BE(FIELD.headerLength) : V2_HEADER_LENGTH
  const hasCompressionType = isV3 && headerLength > V3_HEADER_LENGTH
  return {
    isV3,
    headerLength,
    backingFileOffset: head.readBigUInt64BE(FIELD.backingFileOffset),
    backingFileSize: head.readUInt32BE(FIELD.backingFileSize),
    clusterBits: head.readUInt32BE(FIELD.clusterBits),
    size: head.readBigUInt64BE(FIELD.size),
    cryptMethod: head.readUInt32BE(FIELD.cryptMethod),
    l1Size: head.readUInt32BE(FIELD.l1Size),
    l1TableOffset: head.readBigUInt64BE(FIELD.l1TableOffset),
    refcountTableOffset: head.readBigUInt64BE(FIELD.refcountTableOffset),
    refcountTableClusters: head.readUInt32BE(FIELD.refcountTableClusters),
    snapshotCount: head.readUInt32BE(FIELD.snapshotCount),
    snapshotsOffset: head.readBigUInt64BE(FIELD.snapshotsOffset),
    incompatible: isV3 ? head.readBigUInt64BE(FIELD.incompatibleFeatures) : 0n,
    refcountOrder: isV3 ? head.readUInt32BE(FIELD.refcountOrder) : 4,
    compressionType: hasCompressionType ? (head[FIELD.compressionType] ?? 0) : 0,
  }
}

/** Extensions end where the backing file name begins, at the latest where the first cluster ends. */
function extensionsEnd(fields: Fields): number {
  const clusterEnd = fields.clusterBits <= 21 ? 2 ** fields.clusterBits : QCOW2_HEAD_BYTES
  const nameAt = fields.backingFileOffset
  return nameAt > 0n && nameAt < BigInt(clusterEnd) ? Number(nameAt) : clusterEnd
}

function judgeReferences(
  question: Qcow2Question,
  fields: Fields,
  extensions: Qcow2Extensions,
): Qcow2Refusal | undefined {
  if (hasBit(fields.incompatible, INCOMPATIBLE.dataFile) || extensions.types.has(EXTENSION.dataFile)) {
    const name = extensions.dataFileName === undefined ? '' : `: ${quoted(extensions.dataFileName)}`
    return refuse('IMAGE_HAS_DATA_FILE', `the image keeps its data in another file${name}`)
  }
  if (fields.backingFileOffset === 0n) return undefined
  const name = backingName(question.head, fields)
  if (name !== undefined && name === question.allowedBackingFile) return undefined
  return refuse(
    'IMAGE_HAS_BACKING_FILE',
    `the image is only a layer over the file ${quoted(name ?? '(unreadable name)')}`,
  )
}

function backingName(head: Buffer, fields: Fields): string | undefined {
  const { backingFileOffset: offset, backingFileSize: size } = fields
  if (offset + BigInt(size) > BigInt(head.length)) return undefined
  return head.toString('utf8', Number(offset), Number(offset) + Math.min(size, 1023))
}

function judgeEncryption(fields: Fields, extensions: Qcow2Extensions): Qcow2Refusal | undefined {
  if (fields.cryptMethod === 0 && !extensions.types.has(EXTENSION.encryption)) return undefined
  const method = ['', ' (AES)', ' (LUKS)'][fields.cryptMethod] ?? ` (method ${fields.cryptMethod})`
  return refuse('IMAGE_ENCRYPTED', `the image is encrypted${method}`)
}

function judgeFeatures(fields: Fields, extensions: Qcow2Extensions, warnings: string[]): Qcow2Refusal | undefined {
  const { incompatible } = fields
  for (let bit = 0; bit < 64; bit += 1) {
    if (!hasBit(incompatible, bit) || KNOWN_BITS.has(bit)) continue
    const name = extensions.featureNames.get(bit)
    return refuse(
      'IMAGE_FEATURE_UNKNOWN',
      `incompatible feature bit ${bit}${name ? ` (${quoted(name)})` : ''} is not known`,
    )
  }
  if (hasBit(incompatible, INCOMPATIBLE.corrupt)) return refuse('IMAGE_CORRUPT', 'the image is marked as corrupt')
  if (fields.compressionType > 1) {
    return refuse(
      'IMAGE_FEATURE_UNKNOWN',
      `compression type ${fields.compressionType} is not known (zlib is 0, zstd 1)`,
    )
  }
  if (hasBit(incompatible, INCOMPATIBLE.compressionType) !== (fields.compressionType !== 0)) {
    return refuse('IMAGE_CORRUPT', 'the compression type and its feature bit contradict each other')
  }
  if (hasBit(incompatible, INCOMPATIBLE.dirty)) {
    warnings.push('the image was not closed properly (dirty bit); its reference counts are rebuilt in the output')
  }
  return undefined
}

function judgeGeometry(fileSize: number, fields: Fields, damagedExtensions: boolean): Qcow2Refusal | undefined {
  const corrupt = (what: string) => refuse('IMAGE_CORRUPT', what)
  const { clusterBits, headerLength } = fields
  if (clusterBits < 9 || clusterBits > 21) return corrupt(`cluster_bits is ${clusterBits}, not 9 to 21`)
  const clusterBytes = 2 ** clusterBits
  if (headerLength > clusterBytes || (fields.isV3 && (headerLength < V3_HEADER_LENGTH || headerLength % 8 !== 0))) {
    return corrupt(`the header says that it is ${headerLength} bytes long`)
  }
  if (damagedExtensions) return corrupt('the header extensions run out of their area')
  if (fields.size > BigInt(MAX_VIRTUAL_SIZE_BYTES)) {
    return refuse('IMAGE_TOO_LARGE', `the image declares a virtual disk of ${inTiB(fields.size)} TiB`)
  }
  const isExtendedL2 = hasBit(fields.incompatible, INCOMPATIBLE.extendedL2)
  if (isExtendedL2 && clusterBits < 14)
    return corrupt(`subclusters need clusters of 16 KiB, these have ${clusterBytes} bytes`)
  if (fields.refcountOrder > 6) return corrupt(`refcount_order is ${fields.refcountOrder}, not 0 to 6`)

  const l1Bytes = fields.l1Size * 8
  const bytesPerL1Entry = BigInt(clusterBytes) * BigInt(clusterBytes / (isExtendedL2 ? 16 : 8))
  if (l1Bytes > MAX_L1_BYTES) return corrupt(`the L1 table has ${fields.l1Size} entries`)
  if (BigInt(fields.l1Size) * bytesPerL1Entry < fields.size) return corrupt('the L1 table is too small for the disk')
  const refcountBytes = fields.refcountTableClusters * clusterBytes
  if (refcountBytes === 0 || refcountBytes > MAX_REFCOUNT_TABLE_BYTES) {
    return corrupt(`the refcount table has ${fields.refcountTableClusters} clusters`)
  }
  if (fields.snapshotCount > MAX_SNAPSHOTS)
    return corrupt(`the image says that it has ${fields.snapshotCount} snapshots`)

  const tables = [
    { name: 'L1 table', offset: fields.l1TableOffset, bytes: l1Bytes },
    { name: 'refcount table', offset: fields.refcountTableOffset, bytes: refcountBytes },
    // The length of the snapshot table is not in the header; an entry has at least 40 bytes.
    { name: 'snapshot table', offset: fields.snapshotsOffset, bytes: fields.snapshotCount * 40 },
  ]
  for (const { name, offset, bytes } of tables) {
    if (bytes === 0) continue
    if (offset === 0n || offset % BigInt(clusterBytes) !== 0n)
      return corrupt(`the ${name} is at the impossible offset ${offset}`)
    if (offset + BigInt(bytes) > BigInt(fileSize)) {
      return corrupt(
        `the file is cut short: its ${name} should end at byte ${offset + BigInt(bytes)}, the file has ${fileSize}`,
      )
    }
  }
  return undefined
}

function hasBit(bits: bigint, bit: number): boolean {
  return ((bits >> BigInt(bit)) & 1n) === 1n
}

function inTiB(bytes: bigint): string {
  return (Number(bytes) / 2 ** 40).toLocaleString('en', { maximumFractionDigits: 1, useGrouping: false })
}

function refuse(code: ErrorCode, message: string): Qcow2Refusal {
  return { ok: false, refused: code, message }
}

const KNOWN_BITS: ReadonlySet<number> = new Set(Object.values(INCOMPATIBLE))

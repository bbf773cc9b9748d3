/** Builds qcow2 headers byte by byte, so that tests can say what is wrong with one. */
export interface HeaderParts {
  readonly version?: number
  readonly backingFile?: string
  readonly backingFileOffset?: bigint
  readonly clusterBits?: number
  readonly size?: bigint
  readonly cryptMethod?: number
  readonly l1Size?: number
  readonly l1TableOffset?: bigint
  readonly refcountTableOffset?: bigint
  readonly refcountTableClusters?: number
  readonly snapshotCount?: number
  readonly incompatible?: bigint
  readonly refcountOrder?: number
  readonly headerLength?: number
  readonly compressionType?: number
  readonly extensions?: readonly { readonly type: number; readonly data: Buffer; readonly length?: number }[]
}

/** A sound 10 GiB version 3 image unless the parts say otherwise; the file is meant to have `FILE_BYTES`. */
export function aQcow2Header(parts: HeaderParts = {}): Buffer {
  const head = Buffer.alloc(65536)
  const headerLength = parts.headerLength ?? (parts.version === 2 ? 72 : 112)
  head.writeUInt32BE(0x514649fb, 0)
  head.writeUInt32BE(parts.version ?? 3, 4)
  head.writeUInt32BE(parts.clusterBits ?? 16, 20)
  head.writeBigUInt64BE(parts.size ?? 10n * 2n ** 30n, 24)
  head.writeUInt32BE(parts.cryptMethod ?? 0, 32)
  head.writeUInt32BE(parts.l1Size ?? 20, 36)
  head.writeBigUInt64BE(parts.l1TableOffset ?? 0x30000n, 40)
  head.writeBigUInt64BE(parts.refcountTableOffset ?? 0x10000n, 48)
  head.writeUInt32BE(parts.refcountTableClusters ?? 1, 56)
  head.writeUInt32BE(parts.snapshotCount ?? 0, 60)
  head.writeBigUInt64BE((parts.snapshotCount ?? 0) > 0 ? 0x40000n : 0n, 64)
  if (parts.version !== 2) {
    head.writeBigUInt64BE(parts.incompatible ?? 0n, 72)
    head.writeUInt32BE(parts.refcountOrder ?? 4, 96)
    head.writeUInt32BE(headerLength, 100)
    if (headerLength > 104) head.writeUInt8(parts.compressionType ?? 0, 104)
  }
  let at = headerLength
  for (const { type, data, length } of parts.extensions ?? []) {
    head.writeUInt32BE(type, at)
    head.writeUInt32BE(length ?? data.length, at + 4)
    data.copy(head, at + 8)
    at += 8 + Math.ceil(data.length / 8) * 8
  }
  if (parts.backingFile !== undefined) {
    const name = Buffer.from(parts.backingFile)
    head.writeUInt32BE(name.length, 16)
    head.writeBigUInt64BE(BigInt(at + 8), 8)
    name.copy(head, at + 8)
  }
  if (parts.backingFileOffset !== undefined) head.writeBigUInt64BE(parts.backingFileOffset, 8)
  return head
}

/** A feature name table with one name for an incompatible bit. */
export function aFeatureName(bit: number, name: string): { readonly type: number; readonly data: Buffer } {
  const data = Buffer.alloc(48)
  data.writeUInt8(0, 0)
  data.writeUInt8(bit, 1)
  data.write(name, 2)
  return { type: 0x6803f857, data }
}

export const FILE_BYTES = 0x50000

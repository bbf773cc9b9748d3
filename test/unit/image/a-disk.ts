import { crc32 } from 'node:zlib'

/** Builds the first sectors of a disk with a GPT or MBR, so that tests need no partitioning program. */
export interface GptPart {
  /** Type GUID in text form. */
  readonly type: string
  readonly first: number
  readonly last: number
}

export const ESP = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b'
export const BIOS_BOOT = '21686148-6449-6e6f-744e-656564454649'
export const LINUX = '0fc63daf-8483-4772-8e79-3d69d8477de4'

/** Of the partition with this number on disks made here. */
export function partUuid(number: number): string {
  return `0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8${number.toString(16).padStart(2, '0')}`
}

export function aGptDisk(parts: readonly GptPart[], bytes = 160 * 512): Buffer {
  const disk = Buffer.alloc(bytes)
  disk.writeUInt8(0xee, 446 + 4)
  disk.writeUInt32LE(1, 446 + 8)
  disk.writeUInt32LE(0xffffffff, 446 + 12)
  disk.writeUInt16BE(0x55aa, 510)

  const entries = disk.subarray(1024, 1024 + 128 * 128)
  for (const [index, { type, first, last }] of parts.entries()) {
    guidBytes(type).copy(entries, index * 128)
    guidBytes(partUuid(index + 1)).copy(entries, index * 128 + 16)
    entries.writeBigUInt64LE(BigInt(first), index * 128 + 32)
    entries.writeBigUInt64LE(BigInt(last), index * 128 + 40)
  }
  const header = disk.subarray(512, 512 + 92)
  header.write('EFI PART', 0, 'latin1')
  header.writeUInt32LE(0x00010000, 8)
  header.writeUInt32LE(92, 12)
  header.writeBigUInt64LE(1n, 24)
  header.writeBigUInt64LE(2n, 72)
  header.writeUInt32LE(128, 80)
  header.writeUInt32LE(128, 84)
  sealGpt(disk)
  return disk
}

/** Writes both checksums anew, after a test changed something else. */
export function sealGpt(disk: Buffer): void {
  const header = disk.subarray(512, 512 + 92)
  const entriesBytes = header.readUInt32LE(80) * header.readUInt32LE(84)
  header.writeUInt32LE(crc32(disk.subarray(1024, 1024 + entriesBytes)), 88)
  header.writeUInt32LE(0, 16)
  header.writeUInt32LE(crc32(header), 16)
}

export function anMbrDisk(types: readonly number[], bytes = 160 * 512): Buffer {
  const disk = Buffer.alloc(bytes)
  for (const [index, type] of types.entries()) {
    disk.writeUInt8(type, 446 + index * 16 + 4)
    disk.writeUInt32LE(2048 * (index + 1), 446 + index * 16 + 8)
    disk.writeUInt32LE(2048, 446 + index * 16 + 12)
  }
  disk.writeUInt16BE(0x55aa, 510)
  return disk
}

function guidBytes(text: string): Buffer {
  const plain = Buffer.from(text.replaceAll('-', ''), 'hex')
  return Buffer.concat([
    plain.subarray(0, 4).reverse(),
    plain.subarray(4, 6).reverse(),
    plain.subarray(6, 8).reverse(),
    plain.subarray(8),
  ])
}

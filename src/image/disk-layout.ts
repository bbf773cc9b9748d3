/**
 * Reads the partition table from the first sectors of a disk.
 *
 * GPT: UEFI specification 2.10, section 5.3 (header at sector 1, entries from sector 2; CRC-32 over both; the backup at the
 * end is not looked at, since firmware that needs it has a damaged disk before it). MBR: section 5.2. Sectors have 512 bytes.
 */
import { crc32 } from 'node:zlib'
import type { DiskLayout, Partition } from '../model/image.js'

export const SECTOR_BYTES = 512
export const ESP_TYPE = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b'
export const BIOS_BOOT_TYPE = '21686148-6449-6e6f-744e-656564454649'
export const MBR_ESP_TYPE = 'ef'

export type LayoutReading =
  | { readonly ok: true; readonly layout: DiskLayout }
  | { readonly ok: false; readonly message: string }

/** Reads GPT or MBR from the first bytes of a disk; says in words when there is no usable table. */
export function readDiskTable(start: Buffer): LayoutReading {
  if (!hasPartitionSignature(start)) return unusable('the disk has no partition table')
  const hasBiosBoot = start.subarray(0, BOOT_CODE_BYTES).some((byte) => byte !== 0)
  const mbr = readMbr(start)
  if (hasGptSignature(start)) return readGpt(start, hasBiosBoot)
  if (mbr === undefined) return unusable('the first sector is not a partition table')
  if (mbr.some(({ type }) => type === PROTECTIVE_TYPE))
    return unusable('the GPT is gone; only the MBR that protects it is left')
  const hasEsp = mbr.some(({ type }) => type === MBR_ESP_TYPE)
  return { ok: true, layout: { table: 'mbr', partitions: mbr, hasEsp, hasBiosBoot } }
}

/** The first sector ends with 55 AA, or the second starts with "EFI PART". */
export function hasPartitionSignature(start: Buffer): boolean {
  return (start.length >= SECTOR_BYTES && start.readUInt16BE(510) === 0x55aa) || hasGptSignature(start)
}

function hasGptSignature(start: Buffer): boolean {
  return start.length >= 2 * SECTOR_BYTES && start.toString('latin1', SECTOR_BYTES, SECTOR_BYTES + 8) === 'EFI PART'
}

/** The four primary entries; undefined when what stands there cannot be entries (a boot sector of a file system). */
function readMbr(start: Buffer): readonly Partition[] | undefined {
  const partitions: Partition[] = []
  const signature = start.readUInt32LE(DISK_SIGNATURE_AT).toString(16).padStart(8, '0')
  for (let index = 0; index < 4; index += 1) {
    const at = 446 + index * 16
    const status = start.readUInt8(at)
    if (status !== 0x00 && status !== 0x80) return undefined
    const type = start.toString('hex', at + 4, at + 5)
    const firstSector = start.readUInt32LE(at + 8)
    const sectors = start.readUInt32LE(at + 12)
    if (type === '00' || sectors === 0) continue
    const uuid = `${signature}-${(index + 1).toString(16).padStart(2, '0')}`
    partitions.push({ number: index + 1, type, uuid, firstSector, sectors })
  }
  return partitions
}

function readGpt(start: Buffer, hasBiosBoot: boolean): LayoutReading {
  const header = start.subarray(SECTOR_BYTES, 2 * SECTOR_BYTES)
  const headerBytes = header.readUInt32LE(12)
  if (headerBytes < 92 || headerBytes > SECTOR_BYTES) return damaged(`its header says that it has ${headerBytes} bytes`)
  const checked = Buffer.from(header.subarray(0, headerBytes))
  checked.writeUInt32LE(0, 16) // the checksum itself counts as zero
  if (crc32(checked) !== header.readUInt32LE(16)) return damaged('the checksum of its header is wrong')

  const entriesAt = header.readBigUInt64LE(72) * BigInt(SECTOR_BYTES)
  const count = header.readUInt32LE(80)
  const entryBytes = header.readUInt32LE(84)
  if (entryBytes < 128 || entryBytes % 8 !== 0 || entryBytes > 4096 || count > 1024) {
    return damaged(`it says that it has ${count} entries of ${entryBytes} bytes`)
  }
  const entriesEnd = entriesAt + BigInt(count * entryBytes)
  if (entriesAt < 2n * BigInt(SECTOR_BYTES) || entriesEnd > BigInt(start.length)) {
    return damaged(`its entries are at byte ${entriesAt}`)
  }
  const entries = start.subarray(Number(entriesAt), Number(entriesEnd))
  if (crc32(entries) !== header.readUInt32LE(88)) return damaged('the checksum of its entries is wrong')

  const partitions: Partition[] = []
  for (let index = 0; index < count; index += 1) {
    const entry = entries.subarray(index * entryBytes, (index + 1) * entryBytes)
    const type = guid(entry)
    if (type === UNUSED_TYPE) continue
    const first = entry.readBigUInt64LE(32)
    const last = entry.readBigUInt64LE(40)
    if (last < first || last > BigInt(Number.MAX_SAFE_INTEGER))
      return damaged(`its partition ${index + 1} ends before it begins`)
    const uuid = guid(entry.subarray(16))
    partitions.push({ number: index + 1, type, uuid, firstSector: Number(first), sectors: Number(last - first) + 1 })
  }
  const hasEsp = partitions.some(({ type }) => type === ESP_TYPE)
  return { ok: true, layout: { table: 'gpt', partitions, hasEsp, hasBiosBoot } }
}

/**
 * What a disk is made for, when its partition types say that it is not a Linux of this machine; a phrase.
 *
 * Types: UAPI discoverable partitions specification, and Microsoft's for its reserved partition.
 */
export function foreignSystem({ partitions }: DiskLayout): string | undefined {
  const types = partitions.map(({ type }) => type)
  const arch = types.map((type) => FOREIGN_ROOTS[type]).find((name) => name !== undefined)
  if (arch !== undefined && !types.includes(X86_ROOT_TYPE)) return `a Linux for ${arch}`
  const windows = types.includes(MS_RESERVED_TYPE) && !types.some((type) => LINUX_TYPES.has(type))
  return windows ? 'a Windows' : undefined
}

/**
 * The partition of a Linux root file system, as far as types tell: the one of the type for it, else the largest Linux one.
 *
 * Undefined when there is none (LVM, an encrypted disk).
 */
export function rootPartition({ partitions }: DiskLayout): Partition | undefined {
  const typed = partitions.find(({ type }) => type === X86_ROOT_TYPE)
  const linux = partitions.filter(({ type }) => type === LINUX_TYPE || type === MBR_LINUX_TYPE)
  return typed ?? linux.sort((a, b) => b.sectors - a.sectors)[0]
}

/** The first three fields of a GUID on disk are little-endian, the rest are bytes in order. */
function guid(bytes: Buffer): string {
  const digits = (value: number, length: number) => value.toString(16).padStart(length, '0')
  const [a, b, c] = [
    digits(bytes.readUInt32LE(0), 8),
    digits(bytes.readUInt16LE(4), 4),
    digits(bytes.readUInt16LE(6), 4),
  ]
  return `${a}-${b}-${c}-${bytes.toString('hex', 8, 10)}-${bytes.toString('hex', 10, 16)}`
}

function unusable(message: string): LayoutReading {
  return { ok: false, message }
}

function damaged(how: string): LayoutReading {
  return unusable(`the GPT of the disk is damaged: ${how}`)
}

/** Linux file system. */
const LINUX_TYPE = '0fc63daf-8483-4772-8e79-3d69d8477de4'
const MBR_LINUX_TYPE = '83'
const X86_ROOT_TYPE = '4f68bce3-e8cd-4db1-96e7-fbcaf984b709'
const FOREIGN_ROOTS: Readonly<Record<string, string>> = {
  'b921b045-1df0-41c3-af44-4c6f280d3fae': '64-bit ARM (aarch64)',
  '69dad710-2ce4-4e3c-b16c-21a1d49abed3': '32-bit ARM',
  '72ec70a6-cf74-40e6-bd49-4bda08e8f224': '64-bit RISC-V',
  '5eead9a9-fe09-4a1e-a1d7-520d00531306': 's390x',
  'c31c45e6-3f39-412e-80fb-4809c4980599': '64-bit PowerPC',
}
const MS_RESERVED_TYPE = 'e3c9e316-0b5c-4db8-817d-f92df00215ae'
const LINUX_TYPES: ReadonlySet<string> = new Set([
  X86_ROOT_TYPE,
  LINUX_TYPE,
  'e6d6d379-f507-44c2-a23c-238f2a3df928', // LVM
  'ca7d7ccb-63ed-4c53-861c-1742536059cc', // LUKS
  BIOS_BOOT_TYPE,
])

/** Before the disk signature and the table. */
const BOOT_CODE_BYTES = 440
const DISK_SIGNATURE_AT = 440
const PROTECTIVE_TYPE = 'ee'
const UNUSED_TYPE = '00000000-0000-0000-0000-000000000000'

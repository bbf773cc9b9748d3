/**
 * Makes a disk start under a BIOS, as grub-install would, but on a plain file.
 *
 * Two programs of GRUB 2 are put in place: boot.img in the first sector of the disk, and core.img in the BIOS boot
 * partition. Each holds, in its own bytes, the sector at which the next one lies.
 *
 * Source of all offsets: GRUB 2, include/grub/i386/pc/boot.h and grub-core/boot/i386/pc/{boot,diskboot}.S; of the order of
 * the steps: util/setup.c.
 */

/**
 * The first sector of the disk: GRUB's code, the partition table and disk signature that are there already.
 *
 * `bootImage` is boot.img, `firstSector` what the disk has now; both 512 bytes.
 */
export function biosBootSector(bootImage: Uint8Array, firstSector: Uint8Array, coreSector: number): Buffer {
  needBytes('boot.img', bootImage, SECTOR_BYTES)
  needBytes('the first sector', firstSector, SECTOR_BYTES)
  const sector = Buffer.from(bootImage)
  if (sector.readUInt16LE(SIGNATURE) !== 0xaa55) throw new Error('boot.img does not end in 55 aa')
  // setup.c keeps a FAT parameter block and what lies from the disk signature to the end of the partition table.
  Buffer.from(firstSector).copy(sector, BPB_START, BPB_START, BPB_END)
  Buffer.from(firstSector).copy(sector, DISK_SIGNATURE, DISK_SIGNATURE, PARTITION_TABLE_END)
  sector.writeBigUInt64LE(BigInt(coreSector), KERNEL_SECTOR)
  sector.writeUInt8(DRIVE_FROM_BIOS, BOOT_DRIVE)
  // Two NOPs over a jump: the drive number is then corrected for BIOSes that report a hard disk as a floppy.
  sector.writeUInt16LE(0x9090, BOOT_DRIVE_CHECK)
  return sector
}

/**
 * core.img, rounded up to whole sectors, for the disk sector `coreSector`.
 *
 * Its first sector (diskboot.img) ends in a list of blocks, read downwards from the end: 8 bytes first sector, 2 bytes count,
 * 2 bytes load segment. One block holds all the rest, because the partition is in one piece.
 */
export function biosCoreImage(coreImage: Uint8Array, coreSector: number): Buffer {
  const sectors = Math.ceil(coreImage.length / SECTOR_BYTES)
  if (sectors < 2 || sectors - 1 > 0xffff) throw new Error(`core.img has ${coreImage.length} bytes`)
  const core = Buffer.alloc(sectors * SECTOR_BYTES)
  core.set(coreImage)
  core.writeBigUInt64LE(BigInt(coreSector + 1), FIRST_BLOCK)
  core.writeUInt16LE(sectors - 1, FIRST_BLOCK + 8)
  core.writeUInt16LE(KERNEL_SEGMENT + SECTOR_BYTES / 16, FIRST_BLOCK + 10)
  return core
}

function needBytes(name: string, bytes: Uint8Array, count: number): void {
  if (bytes.length !== count) throw new Error(`${name} has ${bytes.length} bytes, not ${count}`)
}

const SECTOR_BYTES = 512
const BPB_START = 0x3
const BPB_END = 0x5a
const KERNEL_SECTOR = 0x5c
const BOOT_DRIVE = 0x64
const BOOT_DRIVE_CHECK = 0x66
/** GRUB calls it WINDOWS_NT_MAGIC. */
const DISK_SIGNATURE = 0x1b8
const PARTITION_TABLE_END = 0x1fe
const SIGNATURE = 0x1fe
const DRIVE_FROM_BIOS = 0xff
/** Sector size minus GRUB_BOOT_MACHINE_LIST_SIZE (12). */
const FIRST_BLOCK = SECTOR_BYTES - 12
/** GRUB_BOOT_I386_PC_KERNEL_SEG: where core.img is loaded, in paragraphs of 16 bytes; its first sector is not loaded there. */
const KERNEL_SEGMENT = 0x800

import type { GptEntry } from '../tools/sgdisk.js'
import type { DemoGuestRecipe } from './recipe.js'

export const SECTOR_BYTES = 512
export const DISK_BYTES = 3 * 1024 ** 3

export interface GuestDisk {
  /** In the order of the disk; the root is number 1 and physically last, so that the first boot can grow it. */
  readonly entries: readonly GptEntry[]
  readonly root: GptEntry
  readonly biosBoot: GptEntry
  readonly esp: GptEntry | undefined
}

/** The partitions of a guest, numbered as cloud images do it: 14 BIOS boot, 15 EFI system, 1 root. */
export function guestDisk(boot: DemoGuestRecipe['boot']): GuestDisk {
  const biosBoot = entryAfter(MIB_SECTORS - 1, 14, 'ef02', 4 * MIB_SECTORS)
  const esp = boot === 'bios' ? undefined : entryAfter(biosBoot.lastSector, 15, 'ef00', 106 * MIB_SECTORS)
  const rootStart = (esp ?? biosBoot).lastSector + 1
  // The last mebibyte is left to the second copy of the partition table.
  const root = entryAfter(rootStart - 1, 1, '8304', DISK_BYTES / SECTOR_BYTES - MIB_SECTORS - rootStart)
  return { entries: [biosBoot, ...(esp ? [esp] : []), root], root, biosBoot, esp }
}

export function offsetBytes(entry: GptEntry): number {
  return entry.firstSector * SECTOR_BYTES
}

export function sectorsOf(entry: GptEntry): number {
  return entry.lastSector - entry.firstSector + 1
}

function entryAfter(sector: number, number: number, typeCode: string, sectors: number): GptEntry {
  return { number, typeCode, firstSector: sector + 1, lastSector: sector + sectors }
}

const MIB_SECTORS = (1024 * 1024) / SECTOR_BYTES

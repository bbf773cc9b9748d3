import type { ToolCall } from '../model/host.js'

export interface FatInput {
  /** Disk image that the file system is written into. */
  readonly disk: string
  /** In sectors of 512 bytes. */
  readonly firstSector: number
  readonly sectors: number
  readonly label: string
}

/** Makes a FAT32 file system in the middle of a disk image. (mformat could too, but leaves a partition table in it that GRUB warns of.) */
export function makeFatCall(input: FatInput): ToolCall {
  return {
    tool: 'mkfs.vfat',
    args: [
      // One sector per cluster: with larger ones a small volume would have too few clusters to be FAT32.
      ['-F', '32', '-s', '1'],
      ['-n', input.label],
      ['--offset', String(input.firstSector)],
      [input.disk, String(Math.floor(input.sectors / 2))],
    ].flat(),
  }
}

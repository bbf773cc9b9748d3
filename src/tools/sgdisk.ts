import type { ToolCall } from '../model/host.js'

export interface GptEntry {
  readonly number: number
  /** Two-byte type code of sgdisk, for example ef00 for the EFI system partition. */
  readonly typeCode: string
  /** Sector of 512 bytes. */
  readonly firstSector: number
  readonly lastSector: number
}

/** Writes a new GUID partition table; every entry says where it lies, so nothing is left to the program's choice. */
export function partitionCall(disk: string, entries: readonly GptEntry[]): ToolCall {
  return {
    tool: 'sgdisk',
    args: [
      '--clear',
      ...entries.flatMap(({ number, typeCode, firstSector, lastSector }) => [
        `--new=${number}:${firstSector}:${lastSector}`,
        `--typecode=${number}:${typeCode}`,
      ]),
      disk,
    ],
  }
}

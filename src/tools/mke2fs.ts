import type { ToolCall } from '../model/host.js'

export interface Ext4Input {
  /** Disk image that the file system is written into. */
  readonly disk: string
  readonly offsetBytes: number
  readonly sizeBytes: number
  readonly label: string
  readonly uuid: string
  /** Directory whose content it gets. */
  readonly tree: string
}

/** Writes an ext4 file system with content into the middle of a disk image: no loop device, no mount. */
export function makeExt4Call(input: Ext4Input): ToolCall {
  return {
    tool: 'mke2fs',
    args: [
      ['-q', '-F'],
      ['-t', 'ext4'],
      ['-L', input.label],
      ['-U', input.uuid],
      ['-d', input.tree],
      ['-E', `offset=${input.offsetBytes},root_owner=0:0`],
      [input.disk, `${Math.floor(input.sizeBytes / 1024)}k`],
    ].flat(),
  }
}

import type { ToolCall } from '../model/host.js'

export interface BtrfsInput {
  /** A file of the file system's size. The program cannot write into the middle of one. */
  readonly file: string
  readonly label: string
  readonly uuid: string
  /** Directory whose content it gets. */
  readonly tree: string
}

/** Writes a btrfs file system with content, all of it in the top level: no loop device, no mount. */
export function makeBtrfsCall(input: BtrfsInput): ToolCall {
  return {
    tool: 'mkfs.btrfs',
    args: [
      ['--quiet'],
      ['--label', input.label],
      ['--uuid', input.uuid],
      ['--rootdir', input.tree],
      [input.file],
    ].flat(),
  }
}

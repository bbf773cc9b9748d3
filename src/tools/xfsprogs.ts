/** Calls of the programs of xfsprogs. */
import type { ToolCall } from '../model/host.js'

export interface XfsInput {
  /** A file of the file system's size. The program cannot write into the middle of one. */
  readonly file: string
  /** At most 12 characters. */
  readonly label: string
  readonly uuid: string
  /** Directory that the paths of the prototype are relative to. */
  readonly tree: string
  /** File with the list of what it gets: see mkfs.xfs(8). */
  readonly prototype: string
}

/** Writes an xfs file system with content: no loop device, no mount. */
export function makeXfsCall(input: XfsInput): ToolCall {
  return {
    tool: 'mkfs.xfs',
    args: [['-q'], ['-L', input.label], ['-m', `uuid=${input.uuid}`], ['-p', input.prototype], [input.file]].flat(),
    cwd: input.tree,
  }
}

/** Gives what a path names its whole mode, kind of file included. */
export function setXfsModeCall(file: string, path: string, mode: number): ToolCall {
  return {
    tool: 'xfs_db',
    args: ['-x', '-f', '-c', `path ${path}`, '-c', `write core.mode 0${mode.toString(8)}`, file],
  }
}

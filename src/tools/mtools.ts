import { basename, dirname } from 'node:path'
import type { ToolCall } from '../model/host.js'

/** A FAT file system inside a disk image. */
export interface FatVolume {
  readonly disk: string
  readonly offsetBytes: number
}

/** Makes directories, in the order given; absolute paths with slashes. */
export function makeDirectoriesCall(volume: FatVolume, paths: readonly string[]): ToolCall {
  return mtools('mmd', volume, paths.map(inVolume))
}

/** Copies a file of the host to an absolute path in the volume. */
export function copyInCall(volume: FatVolume, from: string, to: string): ToolCall {
  return mtools('mcopy', volume, [from, inVolume(to)])
}

function mtools(tool: string, volume: FatVolume, args: readonly string[]): ToolCall {
  return {
    tool,
    // "@@" parts the name of the image from the offset, so a directory that has it in its name is kept out by cwd.
    args: ['-i', `${basename(volume.disk)}@@${volume.offsetBytes}`, ...args],
    cwd: dirname(volume.disk),
    // A user's own ~/.mtoolsrc could give drive letters another meaning. The geometry of a disk file says nothing.
    env: { MTOOLSRC: '/dev/null', MTOOLS_SKIP_CHECK: '1' },
  }
}

function inVolume(path: string): string {
  return `::${path}`
}

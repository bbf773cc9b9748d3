import { basename, dirname } from 'node:path'
import type { ToolCall } from '../model/host.js'

/** A FAT file system inside a disk image. */
export interface FatVolume {
  readonly disk: string
  readonly offsetBytes: number
}

/** Makes a FAT32 file system. */
export function formatCall(volume: FatVolume, sectors: number, label: string): ToolCall {
  // The geometry is only written down in the boot sector; UEFI does not read it, but mformat wants one.
  return mtools('mformat', volume, ['-F', '-T', String(sectors), '-h', '64', '-s', '32', '-v', label, '::'])
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
    // A user's own ~/.mtoolsrc could give drive letters another meaning.
    env: { MTOOLSRC: '/dev/null' },
  }
}

function inVolume(path: string): string {
  return `::${path}`
}

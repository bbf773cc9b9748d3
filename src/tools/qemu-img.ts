/**
 * Calls of qemu-img and what they print. The format is always given, never probed; paths are absolute.
 *
 * An absolute path is safe with any characters: qemu-img looks for "protocol:" only before the first slash, and options that
 * would be split at commas are never used for a path. Source: QEMU, block.c, path_has_protocol.
 */
import type { ToolCall, ToolResult } from '../model/host.js'
import type { ImageFormat } from '../model/image.js'

export function infoCall(path: string, format: ImageFormat): ToolCall {
  return qemuImg(['info'], ['-f', format], ['--output=json'], [absolute(path)])
}

/** Exit code: 0 sound, 1 not checked, 2 corrupt, 3 leaked clusters only. The image is not written. */
export function checkCall(path: string): ToolCall {
  return qemuImg(['check'], ['-f', 'qcow2'], ['--output=json'], [absolute(path)])
}

/**
 * An empty qcow2 layer; `backingFile` is a plain name in the directory of `path`.
 *
 * Clusters of 4 KiB, the block size of the usual file systems: a discard frees whole clusters only, so with the default of
 * 64 KiB a deleted file would stay in every cluster that it shares with something alive.
 */
export function createOverlayCall(path: string, backingFile: string, backingFormat: ImageFormat): ToolCall {
  const layer = [
    ['-f', 'qcow2'],
    ['-o', 'cluster_size=4k'],
    ['-F', backingFormat],
    ['-b', backingFile],
  ].flat()
  return qemuImg(['create'], ['-q'], layer, [absolute(path)])
}

/** A full qcow2 copy without backing file; `options` go between the formats and the paths. */
export function convertCall(from: string, fromFormat: ImageFormat, to: string, options: readonly string[]): ToolCall {
  return qemuImg(['convert'], ['-f', fromFormat], ['-O', 'qcow2'], options, [absolute(from), absolute(to)])
}

/** The first `sectors` of 512 bytes of the disk, as the guest sees it, into a new raw file. */
export function firstSectorsCall(path: string, format: ImageFormat, sectors: number, to: string): ToolCall {
  return qemuImg(
    ['dd'],
    ['-f', format],
    ['-O', 'raw'],
    ['bs=512', `count=${sectors}`],
    [`if=${absolute(path)}`, `of=${absolute(to)}`],
  )
}

export interface CheckCounts {
  readonly corruptions: number
  readonly leaks: number
  readonly checkErrors: number
}

/** The counts of `check --output=json`; absent ones are 0. undefined when it printed no JSON object. */
export function readCheck(stdout: string): CheckCounts | undefined {
  const found = readObject(stdout)
  if (found === undefined) return undefined
  return {
    corruptions: count(found['corruptions']),
    leaks: count(found['leaks']),
    checkErrors: count(found['check-errors']),
  }
}

/** Bytes of the virtual disk from `info --output=json`; undefined when it is not there. */
export function readVirtualSize(stdout: string): number | undefined {
  const size = readObject(stdout)?.['virtual-size']
  return typeof size === 'number' ? size : undefined
}

/** Another process has the image open in a way that shuts us out (QEMU's image lock). */
export function saysLocked(result: ToolResult): boolean {
  return /Failed to get (shared )?"[a-z ]+" lock/.test(result.stderr)
}

/** The disk was full, or a quota or file size limit was reached. */
export function saysNoSpace(result: ToolResult): boolean {
  return /No space left on device|Disk quota exceeded|File too large/.test(result.stderr)
}

/** The last line of what it wrote to stderr, without its own name in front. */
export function lastWords(result: ToolResult): string {
  return (result.stderr.trim().split('\n').at(-1) ?? '').replace(/^qemu-img: /, '')
}

function qemuImg(...groups: readonly (readonly string[])[]): ToolCall {
  return { tool: 'qemu-img', args: groups.flat() }
}

function absolute(path: string): string {
  if (!path.startsWith('/')) throw new Error(`qemu-img needs an absolute path, not ${JSON.stringify(path)}`)
  return path
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    // Checked to be an object one line up; what is in it is checked where it is read.
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

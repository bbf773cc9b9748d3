import { constants, fstatSync, openSync, type Stats, writeSync } from 'node:fs'
import { lstat, readlink, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { codeOf } from './take-name.js'

/** What becomes of bytes that are written to a path. */
export type WriteTarget =
  /** A regular file, or none yet. All links are followed: a file that replaces it leaves them as they are. */
  | { readonly kind: 'file'; readonly path: string }
  /** A terminal, /dev/null, a pipe: it takes bytes, and no file may come in its place. */
  | { readonly kind: 'stream'; readonly path: string }
  /** Our own stdout or stderr, by whatever name: another file opened there would write over what we print. */
  | { readonly kind: 'own'; readonly fd: 1 | 2 }
  | { readonly kind: 'unfit'; readonly why: string }

/** Looks where writing to a path leads; opens and changes nothing. */
export async function writeTarget(path: string): Promise<WriteTarget> {
  if (/(?:^|\/)\.{0,2}$/.test(path)) return { kind: 'unfit', why: 'it names a directory' }
  let there: Stats | undefined
  try {
    there = await stat(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT')
      return { kind: 'unfit', why: error instanceof Error ? error.message : String(error) }
  }
  if (there === undefined) return { kind: 'file', path: await finalPath(path) }
  const own = OWN.find((fd) => isOpenAs(fd, there))
  if (own !== undefined) return { kind: 'own', fd: own }
  if (there.isDirectory()) return { kind: 'unfit', why: 'it is a directory' }
  if (there.isBlockDevice()) return { kind: 'unfit', why: 'it is a disk' }
  if (there.isSocket()) return { kind: 'unfit', why: 'it is a socket' }
  if (there.isFile()) return { kind: 'file', path: await finalPath(path) }
  return { kind: 'stream', path }
}

/** The path that a file has, or will have, when every link on the way to it is followed. */
export async function finalPath(path: string, links = MOST_LINKS): Promise<string> {
  const absolute = resolve(path)
  const real = await realpath(absolute).catch(() => undefined)
  if (real !== undefined) return real
  const link = (await lstat(absolute).catch(() => undefined))?.isSymbolicLink() === true
  if (link && links > 0) return await finalPath(resolve(dirname(absolute), await readlink(absolute)), links - 1)
  const above = dirname(absolute)
  return above === absolute ? absolute : join(await finalPath(above, links), basename(absolute))
}

/**
 * Opens it for writing from the start; a new file is readable by its owner only. `close` false: it is ours for longer.
 *
 * It throws the operating system's error, and for a pipe that nobody reads from one that says so, instead of waiting for a reader.
 */
export function openTarget(target: WriteTarget): { readonly fd: number; readonly close: boolean } {
  if (target.kind === 'unfit') throw new Error(target.why)
  if (target.kind === 'own') return { fd: target.fd, close: false }
  if (target.kind === 'file') return { fd: openSync(target.path, 'w', 0o600), close: true }
  try {
    return { fd: openSync(target.path, O_WRONLY | O_NONBLOCK | O_NOCTTY), close: true }
  } catch (cause) {
    if (codeOf(cause) !== 'ENXIO') throw cause
    throw new Error(`nobody reads from ${target.path}`, { cause })
  }
}

/** Writes all of it; a pipe that is full gets two seconds for its reader, and no more: the guest does not wait. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  let waitedMs = 0
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done)
      waitedMs = 0
    } catch (cause) {
      if (codeOf(cause) !== 'EAGAIN') throw cause
      if (waitedMs >= PATIENCE_MS) throw new Error('its reader does not keep up', { cause })
      waitedMs += PAUSE_MS
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
    }
  }
}

function isOpenAs(fd: number, there: Stats): boolean {
  try {
    const { dev, ino } = fstatSync(fd)
    return dev === there.dev && ino === there.ino
  } catch {
    // Closed.
    return false
  }
}

const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants
const OWN = [1, 2] as const
/** As many as Linux follows: path_resolution(7). */
const MOST_LINKS = 40
const PATIENCE_MS = 2_000
const PAUSE_MS = 20

import { createHash, type Hash } from 'node:crypto'
import { createReadStream, type Dirent, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { showName } from './file-names.js'

export type EntryKind = 'file' | 'directory' | 'link' | 'special'

/** One entry below a directory; nothing was followed. */
export interface TreeEntry {
  /** Relative to the root, with `/` between, as bytes: a name need not be UTF-8. */
  readonly path: Buffer
  readonly kind: EntryKind
  /** Permission bits, setuid, setgid and sticky included. */
  readonly mode: number
  readonly sizeBytes: number
  readonly allocatedBytes: number
  /** Of a symbolic link, as it is written. */
  readonly target?: Buffer
  /** The same for all names of one file. */
  readonly inode: string
}

/** A file or directory that could not be read, and the system's word for it. */
export interface Unreadable {
  readonly path: Buffer
  readonly reason: string
}

export interface TreeListing {
  /** In the order of the bytes of their paths. */
  readonly entries: readonly TreeEntry[]
  readonly unreadable: readonly Unreadable[]
}

/**
 * Everything below `root`, links not followed.
 *
 * The calls block, as those for small files below: a tree of 20,000 files takes a tenth of the time that way.
 */
export async function listTree(root: string): Promise<TreeListing> {
  const entries: TreeEntry[] = []
  const unreadable: Unreadable[] = []
  const waiting: Buffer[] = [Buffer.alloc(0)]
  for (let dir = waiting.pop(); dir !== undefined; dir = waiting.pop()) {
    let names: Buffer[]
    try {
      names = readdirSync(absolute(root, dir), { encoding: 'buffer' })
    } catch (error) {
      unreadable.push({ path: dir, reason: reasonOf(error) })
      continue
    }
    for (const name of names) {
      const path = dir.length === 0 ? name : Buffer.concat([dir, SLASH, name])
      try {
        const entry = readEntry(root, path)
        entries.push(entry)
        if (entry.kind === 'directory') waiting.push(path)
      } catch (error) {
        unreadable.push({ path, reason: reasonOf(error) })
      }
    }
  }
  entries.sort((a, b) => Buffer.compare(a.path, b.path))
  unreadable.sort((a, b) => Buffer.compare(a.path, b.path))
  return { entries, unreadable }
}

/** SHA-256 over names, kinds, modes, link targets and contents; also tells which files could not be read. */
export async function digestTree(
  root: string,
  listing: TreeListing,
): Promise<{ digest: string; unreadable: readonly Unreadable[] }> {
  const hash = createHash('sha256')
  const unreadable = [...listing.unreadable]
  for (const entry of listing.entries) {
    hash.update(`${entry.kind} ${entry.mode.toString(8)} ${entry.path.length}:`).update(entry.path)
    if (entry.target !== undefined) hash.update(` ${entry.target.length}:`).update(entry.target)
    if (entry.kind === 'file') {
      try {
        hash.update(await fileDigest(absolute(root, entry.path), entry.sizeBytes))
      } catch (error) {
        hash.update('unreadable')
        unreadable.push({ path: entry.path, reason: reasonOf(error) })
      }
    }
    hash.update('\n')
  }
  return { digest: hash.digest('hex'), unreadable }
}

/** The part of a listing that is below one directory of it, as if that were the root. */
export function listingBelow(listing: TreeListing, dir: string): TreeListing {
  const prefix = Buffer.from(`${dir}/`)
  const below = <Item extends { readonly path: Buffer }>(items: readonly Item[]): Item[] =>
    items
      .filter(({ path }) => path.subarray(0, prefix.length).equals(prefix))
      .map((item) => ({ ...item, path: item.path.subarray(prefix.length) }))
  return { entries: below(listing.entries), unreadable: below(listing.unreadable) }
}

/** A path below `root` in the form that file functions take when names need not be UTF-8. */
export function absolute(root: string, path: Buffer): Buffer {
  return path.length === 0 ? Buffer.from(root) : Buffer.concat([Buffer.from(root), SLASH, path])
}

/** For messages: `dir` as the user typed it, and what lies below. */
export function showBelow(dir: string, path: Uint8Array): string {
  return path.length === 0 ? dir : `${dir}/${showName(path)}`
}

export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'ENOENT') return 'it does not exist'
  if (code === 'ELOOP') return 'its symbolic links go in a circle'
  return code || (error instanceof Error ? error.message : String(error))
}

function readEntry(root: string, path: Buffer): TreeEntry {
  const at = absolute(root, path)
  const stats = lstatSync(at)
  const entry = {
    path,
    kind: kindOf(stats),
    mode: stats.mode & 0o7777,
    sizeBytes: stats.isFile() ? stats.size : 0,
    allocatedBytes: stats.isFile() ? stats.blocks * BLOCK_BYTES : 0,
    inode: `${stats.dev}:${stats.ino}`,
  }
  // The mode of a link means nothing.
  return stats.isSymbolicLink() ? { ...entry, mode: 0o777, target: readlinkSync(at, { encoding: 'buffer' }) } : entry
}

export function kindOf(stats: Stats | Dirent): EntryKind {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  return stats.isSymbolicLink() ? 'link' : 'special'
}

async function fileDigest(path: Buffer, sizeBytes: number): Promise<Buffer> {
  const hash: Hash = createHash('sha256')
  if (sizeBytes <= SMALL_FILE_BYTES) return hash.update(readFileSync(path)).digest()
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest()
}

/** st_blocks counts 512-byte units whatever the file system's own block size is (stat(2)). */
const BLOCK_BYTES = 512
/** Up to here a stream costs more than the reading. */
const SMALL_FILE_BYTES = 256 * 1024
const SLASH = Buffer.from('/')

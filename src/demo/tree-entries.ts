import { readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { runToolOrFail } from '../host/run-tool.js'
import type { RootTree } from './root-tree.js'

/** A file, directory, link or the like of a guest's tree. */
export interface TreeEntry {
  /** Below the tree, without a slash in front; empty for the tree itself. */
  readonly path: string
  /** As in stat(2): kind of file and permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of a device node. */
  readonly major: number
  readonly minor: number
  /** What a symbolic link holds; empty for all others. */
  readonly target: string
}

/** All that is in the tree and the tree itself, with the guest's owners and modes; each directory before its content. */
export async function readTree(tree: RootTree): Promise<readonly TreeEntry[]> {
  const listed = await runToolOrFail(
    tree.seenAsRoot({ tool: 'find', args: ['.', '-exec', 'stat', `--printf=${FORMAT}`, '{}', '+'], cwd: tree.path }),
    { captureBytes: LISTING_LIMIT_BYTES },
  )
  const entries = entriesFrom(listed.stdout)
  return Promise.all(
    entries.map(async (entry) =>
      isKind(entry, 'link') ? { ...entry, target: await readlink(join(tree.path, entry.path)) } : entry,
    ),
  )
}

/** What stat prints in our format; links have no target yet. */
export function entriesFrom(listing: string): readonly TreeEntry[] {
  const fields = listing.split('\0')
  if (fields.pop() !== '' || fields.length % FIELDS !== 0)
    throw new Error('the list of the files of the tree is cut off')
  return Array.from({ length: fields.length / FIELDS }, (_, index) => {
    const [mode = '', uid, gid, major = '', minor = '', name = ''] = fields.slice(index * FIELDS)
    return {
      path: name.replace(/^\.\/?/, ''),
      mode: Number.parseInt(mode, 16),
      uid: Number(uid),
      gid: Number(gid),
      major: Number.parseInt(major, 16),
      minor: Number.parseInt(minor, 16),
      target: '',
    }
  })
}

export type FileKind = keyof typeof KINDS

export function isKind(entry: Pick<TreeEntry, 'mode'>, kind: FileKind): boolean {
  return (entry.mode & KIND_BITS) === KINDS[kind]
}

/** Source: stat(2). */
const KIND_BITS = 0o170000
const KINDS = {
  pipe: 0o010000,
  characters: 0o020000,
  directory: 0o040000,
  blocks: 0o060000,
  file: 0o100000,
  link: 0o120000,
  socket: 0o140000,
} as const
const FORMAT = '%f\\0%u\\0%g\\0%t\\0%T\\0%n\\0'
const FIELDS = 6
const LISTING_LIMIT_BYTES = 64 * 1024 * 1024

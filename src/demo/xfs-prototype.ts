/**
 * The list of files from which mkfs.xfs fills a new file system: mkfs.xfs(8), "-p protofile".
 *
 * The format is from 1975. It has no sticky bit (see stickyEntries), no extended attributes, no times, and no way to write a
 * blank; names of one file are made files of their own.
 */
import { isKind, type TreeEntry } from './tree-entries.js'

/**
 * The list for a tree; file contents are named by paths relative to it.
 *
 * @throws {Error} with all names that the format cannot hold, and sockets, for which it has no letter.
 */
export function xfsPrototype(entries: readonly TreeEntry[]): string {
  const refused = entries.filter((entry) => !canBeWritten(entry)).map((entry) => JSON.stringify(`/${entry.path}`))
  if (refused.length > 0) throw new Error(`mkfs.xfs cannot be given ${refused.slice(0, 10).join(', ')}`)
  const children = new Map<string, TreeEntry[]>()
  for (const entry of entries) {
    if (entry.path === '') continue
    const parent = entry.path.slice(0, Math.max(entry.path.lastIndexOf('/'), 0))
    children.set(parent, [...(children.get(parent) ?? []), entry])
  }
  const [root] = entries
  if (root?.path !== '') throw new Error('the list of the tree does not begin with the tree itself')
  const lines = ['/', '0 0', words(root)]
  const addContent = (directory: TreeEntry): void => {
    for (const entry of children.get(directory.path) ?? []) {
      lines.push(`${nameOf(entry)} ${words(entry)}`)
      if (isKind(entry, 'directory')) addContent(entry)
    }
    lines.push('$')
  }
  addContent(root)
  return `${lines.join('\n')}\n`
}

/** Entries whose mode has the sticky bit, which has to be set afterwards. */
export function stickyEntries(entries: readonly TreeEntry[]): readonly TreeEntry[] {
  return entries.filter((entry) => (entry.mode & STICKY) !== 0)
}

function words(entry: TreeEntry): string {
  const letter = LETTERS.find(([kind]) => isKind(entry, kind))?.[1] ?? ''
  const setuid = (entry.mode & SETUID) === 0 ? '-' : 'u'
  const setgid = (entry.mode & SETGID) === 0 ? '-' : 'g'
  const permissions = (entry.mode & 0o777).toString(8).padStart(3, '0')
  return [`${letter}${setuid}${setgid}${permissions}`, entry.uid, entry.gid, ...content(entry)].join(' ')
}

function content(entry: TreeEntry): readonly (string | number)[] {
  if (isKind(entry, 'file')) return [entry.path]
  if (isKind(entry, 'link')) return [entry.target]
  if (isKind(entry, 'blocks') || isKind(entry, 'characters')) return [entry.major, entry.minor]
  return []
}

function nameOf(entry: TreeEntry): string {
  return entry.path.slice(entry.path.lastIndexOf('/') + 1)
}

/** Blanks end a word, a colon begins a comment, a dollar sign ends a directory. U+FFFD: the name was no UTF-8. */
function canBeWritten(entry: TreeEntry): boolean {
  const strange = [entry.path, entry.target].some((text) => /[ \t\n\uFFFD]/.test(text) || /(^|\/)[:$]/.test(text))
  return !strange && !isKind(entry, 'socket')
}

const SETUID = 0o4000
const SETGID = 0o2000
const STICKY = 0o1000
const LETTERS = [
  ['file', '-'],
  ['directory', 'd'],
  ['link', 'l'],
  ['characters', 'c'],
  ['blocks', 'b'],
  ['pipe', 'p'],
] as const

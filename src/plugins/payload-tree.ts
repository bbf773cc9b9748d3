import type { Problem } from '../model/plugin.js'
import { isEditorJunk, nameAsText, showName } from './file-names.js'
import { noteOutwardLinks } from './payload-links.js'
import { addToPayload, type PayloadEntry } from './payload-merge.js'
import { showBelow, type TreeListing } from './tree-listing.js'

/** The files/ directory of one plugin. */
export interface PayloadSource {
  readonly plugin: string
  /** As to be named in messages. */
  readonly shownDir: string
  /** What is in it, with what could not be read when the plugin was digested. */
  readonly listing: TreeListing
}

/** What all plugins together put into the guest; a path that several ship is the last one's. */
export interface PayloadTree {
  /** In the order of the bytes of their paths. */
  readonly entries: readonly PayloadEntry[]
  /** Sum of the lengths of the files. */
  readonly apparentBytes: number
  /** What they take on this disk; less than `apparentBytes` when files are sparse. Names of one file count once. */
  readonly allocatedBytes: number
  /** Entries with setuid or setgid, or writable by everyone (links and sticky directories apart). */
  readonly riskyModes: readonly PayloadEntry[]
}

export interface PayloadReading {
  readonly tree: PayloadTree
  readonly problems: readonly Problem[]
  readonly notes: readonly string[]
}

/** Checks the files/ directories of all running plugins, in plugin order, and puts them together. */
export function payloadTree(sources: readonly PayloadSource[]): PayloadReading {
  const merged = new Map<string, PayloadEntry>()
  const problems: Problem[] = []
  const notes: string[] = []
  for (const source of sources) {
    const { listing } = source
    for (const { path, reason } of listing.unreadable) problems.push(unreadable(source, path, reason))
    for (const entry of listing.entries) {
      const where = showBelow(source.shownDir, entry.path)
      if (entry.kind === 'special') {
        problems.push({
          code: 'PLUGIN_INVALID',
          where,
          what: 'is a device, pipe or socket; only files, directories and links can be shipped',
        })
        continue
      }
      const name = nameAsText(entry.path)?.split('/').at(-1) ?? ''
      if (entry.kind === 'file' && isEditorJunk(name))
        notes.push(`${where}: looks like an editor's left-over, and is shipped`)
      const clash = addToPayload(merged, { ...entry, plugin: source.plugin, where })
      if ('problem' in clash) problems.push(clash.problem)
      else if (clash.note !== undefined) notes.push(clash.note)
    }
  }
  const entries = [...merged.values()].sort((a, b) => Buffer.compare(a.path, b.path))
  return { tree: measure(entries), problems, notes: [...notes, ...noteOutwardLinks(entries)] }
}

/** The permission bits that deserve a line in the report, for people. */
export function showRiskyMode(entry: PayloadEntry): string {
  const words: string[] = []
  if (entry.mode & SETUID) words.push('setuid')
  if (entry.mode & SETGID) words.push('setgid')
  if (isWorldWritable(entry)) words.push('world-writable')
  return `/${showName(entry.path)}: ${words.join(', ')} (${entry.mode.toString(8).padStart(4, '0')}, ${entry.plugin})`
}

function measure(entries: readonly PayloadEntry[]): PayloadTree {
  const seen = new Set<string>()
  let apparentBytes = 0
  let allocatedBytes = 0
  for (const entry of entries) {
    if (entry.kind !== 'file' || seen.has(entry.inode)) continue
    seen.add(entry.inode)
    apparentBytes += entry.sizeBytes
    allocatedBytes += entry.allocatedBytes
  }
  const riskyModes = entries.filter(
    (entry) => entry.kind !== 'link' && (entry.mode & (SETUID | SETGID) || isWorldWritable(entry)),
  )
  return { entries, apparentBytes, allocatedBytes, riskyModes }
}

function isWorldWritable(entry: PayloadEntry): boolean {
  const isShared = entry.kind === 'directory' && (entry.mode & STICKY) !== 0
  return entry.kind !== 'link' && (entry.mode & 0o002) !== 0 && !isShared
}

function unreadable(source: PayloadSource, path: Buffer, reason: string): Problem {
  return { code: 'PLUGIN_INVALID', where: showBelow(source.shownDir, path), what: `cannot be read: ${reason}` }
}

const SETUID = 0o4000
const SETGID = 0o2000
const STICKY = 0o1000

import type { Problem } from '../model/plugin.js'
import type { EntryKind, TreeEntry } from './tree-listing.js'

/** A path of the guest and the plugin whose file it will be. */
export interface PayloadEntry extends TreeEntry {
  readonly plugin: string
  /** Where it lies on this host, for messages. */
  readonly where: string
  /** Plugins whose file or link at this path does not get into the guest, first one first. */
  readonly replaces?: readonly string[]
}

export type Merged = { readonly problem: Problem } | { readonly note: string | undefined }

/**
 * Puts an entry over what earlier plugins ship at the same path.
 *
 * Two directories are one; of two files or two links the later one wins, with a note. Different kinds cannot both hold.
 * What a plugin ships below another one's link is found here too: it brings the directory itself.
 */
export function addToPayload(merged: Map<string, PayloadEntry>, entry: PayloadEntry): Merged {
  // latin1 keeps every byte as it is, which makes a faithful key of a name in any encoding.
  const key = entry.path.toString('latin1')
  const earlier = merged.get(key)
  if (earlier !== undefined && earlier.kind !== entry.kind) return { problem: conflict(earlier, entry) }
  const isSame = earlier?.target !== undefined && entry.target?.equals(earlier.target)
  if (earlier === undefined || entry.kind === 'directory' || isSame) {
    merged.set(key, entry)
    return { note: undefined }
  }
  merged.set(key, { ...entry, replaces: [...(earlier.replaces ?? []), earlier.plugin] })
  return { note: `${entry.where}: replaces ${earlier.where}` }
}

function conflict(earlier: PayloadEntry, entry: PayloadEntry): Problem {
  return {
    code: 'PAYLOAD_CONFLICT',
    where: entry.where,
    what: `is ${KIND_WORDS[entry.kind]}, but ${earlier.where} is ${KIND_WORDS[earlier.kind]}; both would be the same path in the guest`,
  }
}

const KIND_WORDS: Readonly<Record<EntryKind, string>> = {
  file: 'a file',
  directory: 'a directory',
  link: 'a symbolic link',
  special: 'a special file',
}

import { printable } from '../guest/printable.js'
import type {
  AccountChange,
  ChangeKind,
  GuestChanges,
  InitrdChange,
  KernelArgumentChange,
  PackageChange,
} from '../model/guest-changes.js'
import type { GuestListing, ListedGroup, ListedUser } from '../model/guest-listing.js'
import { fileChanges } from './file-changes.js'
import { unitChanges } from './unit-changes.js'

/**
 * What `now` has that `before` has not: the work of the plugin that ran in one and not in the other. Pure.
 *
 * `secrets`: texts that no diff may show.
 */
export function guestChanges(before: GuestListing, now: GuestListing, secrets: readonly string[] = []): GuestChanges {
  const rest = {
    packages: changesOf(before.packages, now.packages, (version) => version).map(
      (each): PackageChange => ({ ...each, name: printable(each.name) }),
    ),
    users: changesOf(before.users, now.users, userText),
    groups: changesOf(before.groups, now.groups, groupText),
    units: unitChanges(before, now),
    kernelArguments: kernelArgumentChanges(before.kernelEntries, now.kernelEntries),
    initrds: initrdChanges(before, now),
  }
  return { files: fileChanges(before, now, rest, secrets), ...rest }
}

function changesOf<Value>(
  before: ReadonlyMap<string, Value>,
  now: ReadonlyMap<string, Value>,
  text: (value: Value) => string,
): readonly AccountChange[] {
  const names = [...new Set([...before.keys(), ...now.keys()])].sort()
  return names.flatMap((name) => {
    const [old, current] = [before.get(name), now.get(name)].map((value) =>
      value === undefined ? undefined : printable(text(value)),
    )
    if (old === current) return []
    const change: ChangeKind = old === undefined ? 'added' : current === undefined ? 'removed' : 'changed'
    return [
      {
        change,
        name: printable(name),
        ...(old === undefined ? {} : { before: old }),
        ...(current === undefined ? {} : { now: current }),
      },
    ]
  })
}

function userText({ uid, gid, home, shell }: ListedUser): string {
  return `uid ${uid}, gid ${gid}, home ${home}, shell ${shell}`
}

function groupText({ gid, members }: ListedGroup): string {
  return `gid ${gid}${members.length === 0 ? '' : `, members ${[...members].sort().join(', ')}`}`
}

/** An argument counts as added when no kernel entry had it, as removed when none has it. */
function kernelArgumentChanges(before: readonly string[], now: readonly string[]): readonly KernelArgumentChange[] {
  const [old, current] = [before, now].map((entries) => entries.map(wordsOf)) as [string[][], string[][]]
  const count = (word: string, entries: string[][]) => entries.filter((words) => words.includes(word)).length
  const only = (ours: string[][], others: string[][], change: KernelArgumentChange['change']) =>
    [...new Set(ours.flat())]
      .filter((word) => count(word, others) === 0)
      .map((word) => ({ change, word: printable(word), entries: count(word, ours), ofEntries: ours.length }))
  return [...only(current, old, 'added'), ...only(old, current, 'removed')]
}

/** Without `linux` and the path of the kernel. */
function wordsOf(entry: string): string[] {
  return entry.split(/\s+/).slice(2)
}

/** An initrd that the run has not rebuilt is not in its list. One that the other run did not have is a file that was added. */
function initrdChanges(before: GuestListing, now: GuestListing): readonly InitrdChange[] {
  return [...now.initrds].flatMap(([name, paths]) => {
    const old = before.initrds.get(name)
    if (old === undefined) return []
    const added = [...paths].filter((path) => !old.has(path)).sort()
    const removed = [...old].filter((path) => !paths.has(path)).sort()
    if (added.length + removed.length === 0) return []
    const shown = (list: readonly string[]) => list.map((path) => printable(path))
    return [{ initrd: printable(name), added: shown(added), removed: shown(removed) }]
  })
}

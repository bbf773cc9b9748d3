import { printable } from '../guest/printable.js'
import type { ChangeTopic, FileChange, FileState, GuestChanges } from '../model/guest-changes.js'
import type { GuestListing, ListedFile } from '../model/guest-listing.js'
import { hider } from '../model/hidden-values.js'
import { isNoise } from './run-noise.js'
import { unifiedDiff } from './text-diff.js'
import { isUnitLink } from './unit-changes.js'

/** Everything but the files. */
export type OtherChanges = Omit<GuestChanges, 'files'>

/** Files and directories that are in one listing only or differ, by path; what every run changes in its own way is left out. */
export function fileChanges(
  before: GuestListing,
  now: GuestListing,
  others: OtherChanges,
  secrets: readonly string[],
): readonly FileChange[] {
  const paths = [...new Set([...before.files.keys(), ...now.files.keys()])].sort()
  return paths.flatMap((path) => {
    const [old, current] = [before.files.get(path), now.files.get(path)]
    const different = old === undefined || current === undefined ? [] : differences(old, current, before, now)
    if (old !== undefined && current !== undefined && different.length === 0) return []
    if (isNoise(path, different, old?.sizeBytes === current?.sizeBytes)) return []
    const partOf = topicOf(path, now, others)
    const diff = different.includes('content') ? diffOf(path, before, now, secrets) : undefined
    return [
      {
        change: old === undefined ? 'added' : current === undefined ? 'removed' : 'changed',
        path: printable(path, LONGEST_PATH),
        ...(old === undefined ? {} : { before: stateOf(old, before) }),
        ...(current === undefined ? {} : { now: stateOf(current, now) }),
        different,
        ...(partOf === undefined ? {} : { partOf }),
        ...(diff === undefined || partOf !== undefined ? {} : { diff }),
      } satisfies FileChange,
    ]
  })
}

function differences(
  old: ListedFile,
  current: ListedFile,
  before: GuestListing,
  now: GuestListing,
): FileChange['different'] {
  if (old.kind !== current.kind) return ['kind']
  const found: FileChange['different'][number][] = []
  if (current.kind === 'file' && hasOtherContent(old, current)) found.push('content')
  if (old.target !== current.target) found.push('target')
  if (old.mode !== current.mode) found.push('mode')
  if (ownerOf(old, before) !== ownerOf(current, now)) found.push('owner')
  return found
}

/**
 * A file without a digest was not touched after the run's scripts could begin: an early service may have written it anew, and
 * that is no plugin's work. One that only the other run lists without a digest tells by its size and its time.
 */
function hasOtherContent(old: ListedFile, current: ListedFile): boolean {
  if (current.sha256 === undefined) return old.sizeBytes !== current.sizeBytes
  if (old.sha256 !== undefined) return old.sha256 !== current.sha256
  return old.sizeBytes !== current.sizeBytes || old.modifiedS !== current.modifiedS
}

/** The change that this file is only the trace of, when there is that change. */
function topicOf(path: string, now: GuestListing, others: OtherChanges): ChangeTopic | undefined {
  const accounts = others.users.length + others.groups.length > 0
  if (accounts && /^\/etc\/(?:passwd|group|shadow|gshadow|subuid|subgid)-?$/.test(path)) return 'users and groups'
  if (others.packages.length > 0 && (PACKAGE_STATE.test(path) || now.owners.has(path))) return 'packages'
  if (others.units.length > 0 && isUnitLink(path) && now.files.get(path)?.kind !== 'file') return 'units'
  if (others.kernelArguments.length > 0 && BOOT_LOADER.test(path)) return 'kernel arguments'
  if (others.initrds.some(({ initrd }) => path === `/boot/${initrd}`)) return 'initrd'
  return undefined
}

function stateOf(file: ListedFile, listing: GuestListing): FileState {
  return {
    kind: file.kind,
    mode: file.mode.toString(8).padStart(4, '0'),
    owner: ownerOf(file, listing),
    sizeBytes: file.kind === 'file' ? file.sizeBytes : 0,
    ...(file.target === undefined ? {} : { target: printable(file.target, LONGEST_PATH) }),
  }
}

function ownerOf({ uid, gid }: ListedFile, listing: GuestListing): string {
  return `${nameOf(uid, listing.users, 'uid')}:${nameOf(gid, listing.groups, 'gid')}`
}

function nameOf<Key extends string>(
  id: number,
  known: ReadonlyMap<string, Readonly<Record<Key, number>>>,
  key: Key,
): string {
  for (const [name, entry] of known) if (entry[key] === id) return printable(name)
  return String(id)
}

function diffOf(
  path: string,
  before: GuestListing,
  now: GuestListing,
  secrets: readonly string[],
): readonly string[] | undefined {
  const [old, current] = [before.texts.get(path), now.texts.get(path)]
  if (old === undefined || current === undefined) return undefined
  const hide = hider(secrets)
  return unifiedDiff(old.split('\n'), current.split('\n'))?.map((line) => printable(hide(line)))
}

/** What dpkg, apt and rpm write down, and the caches that their triggers make. */
const PACKAGE_STATE =
  /^\/(?:var\/(?:lib|cache)\/(?:dpkg|apt|rpm|dnf|libdnf5|ldconfig|debconf)|etc\/ld\.so\.cache)(?:\/|$)/
const BOOT_LOADER = /^\/boot\/(?:grub2?|loader)\//
/** As Linux has it (PATH_MAX). */
const LONGEST_PATH = 4096

import { gunzipSync } from 'node:zlib'
import type { GuestListing, ListedFile, ListedGroup, ListedKind, ListedUser } from '../model/guest-listing.js'
import { unreadable } from './listing-parts.js'

/**
 * Reads the list that cloud-init/guest/inventory.sh has made: records that end with a zero byte, in sections.
 *
 * The guest is not trusted: what does not have the form is an error, and what it unpacks to is bounded.
 *
 * @throws {CvmError} LISTING_UNREADABLE.
 */
export function readListing(compressed: Uint8Array): GuestListing {
  const listing = new Reading()
  const bytes = unpacked(compressed)
  let section: Section = { kind: '', of: '' }
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at)
    if (end < 0) throw unreadable('its last record has no end')
    const record = bytes.toString('utf8', at, end)
    at = end + 1
    if (record.startsWith('=')) {
      section = sectionOf(record)
      if (section.kind === 'texts') {
        listing.addTexts(bytes.subarray(at))
        break
      }
    } else listing.add(section, record)
  }
  return listing
}

interface Section {
  readonly kind: string
  /** A mount point or the name of an initrd. */
  readonly of: string
}

function sectionOf(record: string): Section {
  const space = record.indexOf(' ')
  return space < 0 ? { kind: record.slice(1), of: '' } : { kind: record.slice(1, space), of: record.slice(space + 1) }
}

function unpacked(compressed: Uint8Array): Buffer {
  try {
    return gunzipSync(compressed, { maxOutputLength: MOST_BYTES })
  } catch (error) {
    throw unreadable(error instanceof Error ? error.message : String(error))
  }
}

class Reading implements GuestListing {
  readonly files = new Map<string, ListedFile>()
  readonly packages = new Map<string, string>()
  readonly owners = new Map<string, string>()
  readonly users = new Map<string, ListedUser>()
  readonly groups = new Map<string, ListedGroup>()
  readonly kernelEntries: string[] = []
  readonly initrds = new Map<string, Set<string>>()
  readonly texts = new Map<string, string>()
  #lastPath = ''

  add(section: Section, record: string): void {
    switch (section.kind) {
      case 'files':
        if (record.startsWith('>')) this.#addTarget(record.slice(1))
        else this.#addFile(section.of, record)
        return
      case 'sums':
        this.#addSum(section.of, record)
        return
      case 'packages': {
        const [name = '', ...rest] = record.split(' ')
        this.packages.set(name, rest.join(' '))
        return
      }
      case 'owned': {
        const colon = record.indexOf(':')
        if (colon > 0) this.owners.set(record.slice(colon + 1), record.slice(0, colon))
        return
      }
      case 'users':
        this.#addUser(record)
        return
      case 'groups':
        this.#addGroup(record)
        return
      case 'cmdline':
        this.kernelEntries.push(record.trim())
        return
      case 'initrd':
        this.initrds.set(section.of, (this.initrds.get(section.of) ?? new Set()).add(record))
        return
      default:
        throw unreadable(`it has a section that is not known: ${JSON.stringify(section.kind.slice(0, 40))}`)
    }
  }

  /** `path`, a zero byte, one line of it, and so on: what grep -HZ prints. An end that was cut off is left out. */
  addTexts(bytes: Buffer): void {
    const found = new Map<string, string[]>()
    for (let at = 0; at < bytes.length; ) {
      const zero = bytes.indexOf(0, at)
      const end = zero < 0 ? -1 : bytes.indexOf(0x0a, zero)
      if (end < 0) break
      const path = `/${bytes.toString('utf8', at, zero)}`
      const lines = found.get(path)
      const line = bytes.toString('utf8', zero + 1, end)
      if (lines === undefined) found.set(path, [line])
      else lines.push(line)
      at = end + 1
    }
    for (const [path, lines] of found) this.texts.set(path, lines.join('\n'))
  }

  #addFile(mountPoint: string, record: string): void {
    const match = FILE.exec(record)
    if (match === null) throw unreadable(`a file is not described as expected: ${JSON.stringify(record.slice(0, 80))}`)
    const [, letter = '', mode = '', uid, gid, size, modified, name = ''] = match
    this.#lastPath = absolute(mountPoint, name)
    this.files.set(this.#lastPath, {
      kind: KINDS[letter] ?? 'other',
      mode: Number.parseInt(mode, 8),
      uid: Number(uid),
      gid: Number(gid),
      sizeBytes: Number(size),
      modifiedS: Number(modified),
    })
  }

  #addTarget(target: string): void {
    const file = this.files.get(this.#lastPath)
    if (file?.kind !== 'link') throw unreadable('a target stands behind what is no link')
    this.files.set(this.#lastPath, { ...file, target })
  }

  #addSum(mountPoint: string, record: string): void {
    const match = SUM.exec(record)
    if (match === null) throw unreadable(`a digest is not as expected: ${JSON.stringify(record.slice(0, 80))}`)
    const path = absolute(mountPoint, match[2] ?? '')
    const file = this.files.get(path)
    // A file may have gone between the two looks.
    if (file !== undefined) this.files.set(path, { ...file, sha256: match[1] ?? '' })
  }

  #addUser(record: string): void {
    const [name = '', uid, gid, home = '', shell = ''] = record.split(':')
    // Lines such as "+::::::" of a guest with NIS name nobody.
    if (name !== '' && uid !== '' && Number.isFinite(Number(uid)))
      this.users.set(name, { uid: Number(uid), gid: Number(gid), home, shell })
  }

  #addGroup(record: string): void {
    const [name = '', gid, members = ''] = record.split(':')
    if (name !== '' && gid !== '' && Number.isFinite(Number(gid)))
      this.groups.set(name, { gid: Number(gid), members: members.split(',').filter(Boolean) })
  }
}

function absolute(mountPoint: string, name: string): string {
  const path = `${mountPoint === '/' ? '' : mountPoint}/${name}`
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** As find prints it: kind, mode, owner, group, size, seconds, path. */
const FILE = /^([A-Za-z?]) ([0-7]{1,4}) (\d{1,10}) (\d{1,10}) (\d{1,18}) (-?\d{1,18}) (.*)$/s
/** As sha256sum -z prints it. */
const SUM = /^([0-9a-f]{64}) [ *]\.\/(.*)$/s
const KINDS: Readonly<Record<string, ListedKind>> = { f: 'file', d: 'directory', l: 'link' }
/** A large desktop has a million files, 100 bytes each. */
const MOST_BYTES = 128 * 1024 * 1024

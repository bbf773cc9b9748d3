import { describe, expect, it } from 'vitest'
import { noteOutwardLinks } from '../../../src/plugins/payload-links.js'
import { addToPayload, type PayloadEntry } from '../../../src/plugins/payload-merge.js'
import type { EntryKind } from '../../../src/plugins/tree-listing.js'

function entry(plugin: string, path: string, kind: EntryKind, target?: string): PayloadEntry {
  const bytes = Buffer.from(path)
  const base = {
    path: bytes,
    kind,
    mode: 0o644,
    sizeBytes: 0,
    allocatedBytes: 0,
    inode: `${plugin}${path}`,
    plugin,
    where: `${plugin}/files/${path}`,
  }
  return target === undefined ? base : { ...base, target: Buffer.from(target) }
}

function merge(...entries: PayloadEntry[]) {
  const merged = new Map<string, PayloadEntry>()
  return entries.map((one) => addToPayload(merged, one))
}

describe('addToPayload', () => {
  it.each([
    ['file', 'directory'],
    ['directory', 'file'],
    ['link', 'directory'],
    ['directory', 'link'],
    ['link', 'file'],
  ] as const)('refuses a %s and a %s at the same path, naming both', (a, b) => {
    const [, second] = merge(
      entry('01-a', 'usr', a, a === 'link' ? '/x' : undefined),
      entry('02-b', 'usr', b, b === 'link' ? '/x' : undefined),
    )

    expect(second).toEqual({
      problem: { code: 'PAYLOAD_CONFLICT', where: '02-b/files/usr', what: expect.stringContaining('01-a/files/usr') },
    })
  })

  it('notes that the later of two files wins', () => {
    expect(merge(entry('01-a', 'etc/motd', 'file'), entry('02-b', 'etc/motd', 'file'))[1]).toEqual({
      note: '02-b/files/etc/motd: replaces 01-a/files/etc/motd',
    })
  })

  it('says nothing of shared directories and equal links', () => {
    expect(merge(entry('01-a', 'etc', 'directory'), entry('02-b', 'etc', 'directory'))[1]).toEqual({ note: undefined })
    expect(merge(entry('01-a', 'x', 'link', 'y'), entry('02-b', 'x', 'link', 'y'))[1]).toEqual({ note: undefined })
  })
})

describe('noteOutwardLinks', () => {
  it.each([
    ['/etc/passwd', true],
    ['../../../../etc/passwd', true],
    ['missing', true],
    ['there', false],
    ['../a/there', false],
    ['./there', false],
  ])('for a link to %s notes: %s', (target, noted) => {
    const notes = noteOutwardLinks([entry('01-a', 'a/there', 'file'), entry('01-a', 'a/link', 'link', target)])

    expect(notes).toHaveLength(noted ? 1 : 0)
  })
})

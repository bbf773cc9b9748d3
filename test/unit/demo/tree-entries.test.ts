import { describe, expect, it } from 'vitest'
import { entriesFrom, isKind } from '../../../src/demo/tree-entries.js'

describe('entriesFrom', () => {
  it('reads what stat prints: hexadecimal modes and device numbers, decimal owners', () => {
    const listing = '41ed\x000\x000\x000\x000\x00.\x002190\x000\x005\x004\x0040\x00./dev/tty S64\x00'

    expect(entriesFrom(listing)).toEqual([
      { path: '', mode: 0o40755, uid: 0, gid: 0, major: 0, minor: 0, target: '' },
      { path: 'dev/tty S64', mode: 0o20620, uid: 0, gid: 5, major: 4, minor: 64, target: '' },
    ])
  })

  it('keeps a line break in a name', () => {
    expect(entriesFrom('81a4\x000\x000\x000\x000\x00./a\nb\x00')[0]?.path).toBe('a\nb')
  })

  it.each(['81a4\x000\x000\x000\x000\x00./cut', '0\x000\x00'])('takes no list that ends in the middle', (listing) => {
    expect(() => entriesFrom(listing)).toThrow('cut off')
  })
})

describe('isKind', () => {
  it('tells kinds apart whose bits overlap', () => {
    expect(isKind({ mode: 0o060660 }, 'blocks')).toBe(true)
    expect(isKind({ mode: 0o060660 }, 'directory')).toBe(false)
    expect(isKind({ mode: 0o060660 }, 'characters')).toBe(false)
    expect(isKind({ mode: 0o120777 }, 'link')).toBe(true)
    expect(isKind({ mode: 0o120777 }, 'file')).toBe(false)
  })
})

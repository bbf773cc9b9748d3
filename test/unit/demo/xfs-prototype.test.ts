import { describe, expect, it } from 'vitest'
import type { TreeEntry } from '../../../src/demo/tree-entries.js'
import { stickyEntries, xfsPrototype } from '../../../src/demo/xfs-prototype.js'

describe('xfsPrototype', () => {
  it('writes owners, modes, device numbers and links, and closes each directory', () => {
    const text = xfsPrototype([
      entry('', 0o040755),
      entry('etc', 0o040755),
      entry('etc/shadow', 0o100640, { gid: 42 }),
      entry('etc/empty', 0o040700),
      entry('bin', 0o120777, { target: 'usr/bin' }),
      entry('null', 0o020666, { major: 1, minor: 3 }),
      entry('disk', 0o060660, { gid: 6, major: 8, minor: 16 }),
      entry('initctl', 0o010600),
      entry('sudo', 0o104755),
      entry('mail', 0o042070, { uid: 7, gid: 8 }),
    ])

    expect(text).toBe(
      [
        '/',
        '0 0',
        'd--755 0 0',
        'etc d--755 0 0',
        'shadow ---640 0 42 etc/shadow',
        'empty d--700 0 0',
        '$',
        '$',
        'bin l--777 0 0 usr/bin',
        'null c--666 0 0 1 3',
        'disk b--660 0 6 8 16',
        'initctl p--600 0 0',
        'sudo -u-755 0 0 sudo',
        'mail d-g070 7 8',
        '$',
        '$',
        '',
      ].join('\n'),
    )
  })

  it.each([
    ['a blank', entry('a b', 0o100644)],
    ['a line break', entry('a\nb', 0o100644)],
    ['a blank in the name of a directory above', entry('a b/c', 0o100644)],
    ['a blank in what a link holds', entry('l', 0o120777, { target: 'a b' })],
    ['a colon in front', entry('etc/:x', 0o100644)],
    ['a dollar sign in front', entry('$', 0o100644)],
    ['bytes that are no UTF-8', entry('\uFFFD', 0o100644)],
    ['no letter for its kind, a socket', entry('s', 0o140755)],
  ])('refuses a name with %s', (_what, refused) => {
    expect(() => xfsPrototype([entry('', 0o040755), refused])).toThrow(JSON.stringify(`/${refused.path}`))
  })

  it('takes colons and dollar signs in the middle', () => {
    const text = xfsPrototype([entry('', 0o040755), entry('a:$b', 0o100644)])

    expect(text).toContain('\na:$b ---644 0 0 a:$b\n')
  })
})

describe('stickyEntries', () => {
  it('finds those whose mode the list cannot hold', () => {
    const tmp = entry('tmp', 0o041777)

    expect(stickyEntries([entry('', 0o040755), tmp, entry('sudo', 0o106755)])).toEqual([tmp])
  })
})

function entry(path: string, mode: number, more: Partial<TreeEntry> = {}): TreeEntry {
  return { path, mode, uid: 0, gid: 0, major: 0, minor: 0, target: '', ...more }
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GuestListing, ListedFile } from '../../../src/model/guest-listing.js'
import { guestChanges } from '../../../src/stages/guest-changes.js'
import { aFile, aListing } from '../../fixtures/listings.js'

const [ONE, OTHER] = ['1'.repeat(64), '2'.repeat(64)]
const NOTHING = { files: [], packages: [], users: [], groups: [], units: [], kernelArguments: [], initrds: [] }

function files(entries: Readonly<Record<string, ListedFile>>): Pick<GuestListing, 'files'> {
  return { files: new Map(Object.entries(entries)) }
}

/** The lines of one kind, short: `changed /x mode`. */
function filesOf(before: Partial<GuestListing>, now: Partial<GuestListing>): readonly string[] {
  return guestChanges(aListing(before), aListing(now)).files.map(({ change, path, different }) =>
    [change, path, ...different].join(' '),
  )
}

describe('the files of guestChanges', () => {
  it('are those that came, went or differ, by path', () => {
    const before = files({ '/b': aFile(), '/c': aFile({ sha256: ONE }), '/same': aFile() })
    const now = files({ '/a': aFile({ sha256: ONE }), '/c': aFile({ sha256: OTHER }), '/same': aFile() })

    expect(filesOf(before, now)).toEqual(['added /a', 'removed /b', 'changed /c content'])
  })

  it.each([
    ['mode', aFile(), aFile({ mode: 0o600 })],
    ['owner', aFile(), aFile({ uid: 7 })],
    ['owner', aFile(), aFile({ gid: 7 })],
    ['target', aFile({ kind: 'link', target: 'a' }), aFile({ kind: 'link', target: 'b' })],
    ['kind', aFile(), aFile({ kind: 'directory', mode: 0o755, sizeBytes: 4096 })],
    ['content mode', aFile(), aFile({ sha256: ONE, sizeBytes: 6, mode: 0o600 })],
  ])('tell of a changed %s', (what, old, current) => {
    expect(filesOf(files({ '/x': old }), files({ '/x': current }))).toEqual([`changed /x ${what}`])
  })

  it.each([
    ['both runs wrote it, with the same content', aFile({ sha256: ONE }), aFile({ sha256: ONE, modifiedS: 9 })],
    [
      'only its time on the disk of a directory differs',
      aFile({ kind: 'directory' }),
      aFile({ kind: 'directory', modifiedS: 9, sizeBytes: 9 }),
    ],
    ['it was written before any script could', aFile(), aFile({ modifiedS: 9 })],
    ['it was touched and has its size and time', aFile(), aFile({ sha256: ONE })],
    ['the other run wrote it as it was', aFile({ sha256: ONE, modifiedS: 9 }), aFile()],
  ])('are the same when %s', (_what, old, current) => {
    expect(filesOf(files({ '/x': old }), files({ '/x': current }))).toEqual([])
  })

  it('are told when a script wrote other bytes of the same length', () => {
    expect(filesOf(files({ '/x': aFile() }), files({ '/x': aFile({ sha256: ONE, modifiedS: 9 }) }))).toEqual([
      'changed /x content',
    ])
  })

  it('leave out what every two runs have in different ways', () => {
    const [old, current] = [aFile({ sha256: ONE }), aFile({ sha256: OTHER })]
    const paths = [
      '/var/log/lastlog',
      '/etc/sudoers.d/90-cloud-init-users',
      '/usr/lib/python3/x/__pycache__/y.cpython-313.pyc',
    ]

    for (const path of paths) expect(filesOf(files({ [path]: old }), files({ [path]: current }))).toEqual([])
  })

  it.each(['/var/lib/systemd/timesync/clock', '/var/lib/systemd/timers/stamp-fstrim.timer'])(
    'leave out %s, which only the run has that lasted long enough',
    (path) => {
      expect(filesOf(files({}), files({ [path]: aFile() }))).toEqual([])
      expect(filesOf(files({ [path]: aFile() }), files({}))).toEqual([])
    },
  )

  it('show a change of mode, or of length, where only the content is different each time', () => {
    const path = '/etc/sudoers.d/90-cloud-init-users'
    const old = aFile({ sha256: ONE })

    expect(filesOf(files({ [path]: old }), files({ [path]: aFile({ sha256: ONE, mode: 0o666 }) }))).toEqual([
      `changed ${path} mode`,
    ])
    expect(filesOf(files({ [path]: old }), files({ [path]: aFile({ sha256: OTHER, sizeBytes: 99 }) }))).toEqual([
      `changed ${path} content`,
    ])
  })

  it('have their owners by name, each as its own guest knows it', () => {
    const now = aListing({
      ...files({ '/x': aFile({ uid: 988, gid: 999 }) }),
      users: new Map([['hello', { uid: 988, gid: 988, home: '/', shell: '/sh' }]]),
    })

    expect(guestChanges(aListing(), now).files[0]?.now?.owner).toBe('hello:999')
  })

  it('are safe to print', () => {
    const [file] = guestChanges(aListing(), aListing(files({ '/a\u001b[31m\nb': aFile() }))).files

    expect(file?.path).toBe('/a b')
  })

  it('have a diff when they are small texts, without the values of secrets', () => {
    const path = '/etc/x'
    const before = aListing({ ...files({ [path]: aFile() }), texts: new Map([[path, 'a\nb\nc']]) })
    const now = aListing({
      ...files({ [path]: aFile({ sha256: ONE, sizeBytes: 9 }) }),
      texts: new Map([[path, 'a\nkey geheim\nc']]),
    })

    const [file] = guestChanges(before, now, ['geheim']).files

    expect(file?.diff).toEqual([' a', '-b', expect.stringMatching(/^\+key /), ' c'])
    expect(JSON.stringify(file)).not.toContain('geheim')
  })
})

describe('the traces of other changes', () => {
  it('are parts of them', () => {
    const changed = (path: string) => ({
      before: { [path]: aFile() },
      now: { [path]: aFile({ sha256: ONE, sizeBytes: 9 }) },
    })
    const paths = [
      '/etc/shadow',
      '/var/lib/dpkg/status',
      '/usr/bin/vi',
      '/boot/grub/grub.cfg',
      '/boot/initrd.img-6',
      '/etc/motd',
    ]
    const before = aListing({
      ...files(Object.assign({}, ...paths.map((path) => changed(path).before))),
      kernelEntries: ['linux /vmlinuz ro'],
      initrds: new Map([['initrd.img-6', new Set(['bin'])]]),
    })
    const now = aListing({
      ...files(Object.assign({}, ...paths.map((path) => changed(path).now))),
      packages: new Map([['vim', '9 amd64']]),
      owners: new Map([['/usr/bin/vi', 'vim']]),
      groups: new Map([...before.groups, ['hello', { gid: 988, members: [] }]]),
      kernelEntries: ['linux /vmlinuz ro x=1'],
      initrds: new Map([['initrd.img-6', new Set(['bin', 'etc/x'])]]),
    })

    const { files: found } = guestChanges(before, now)

    expect(Object.fromEntries(found.map(({ path, partOf }) => [path, partOf]))).toEqual({
      '/etc/shadow': 'users and groups',
      '/var/lib/dpkg/status': 'packages',
      '/usr/bin/vi': 'packages',
      '/boot/grub/grub.cfg': 'kernel arguments',
      '/boot/initrd.img-6': 'initrd',
      '/etc/motd': undefined,
    })
  })

  it('are changes of their own when there is no other that they belong to', () => {
    const path = '/etc/shadow'
    const found = guestChanges(
      aListing(files({ [path]: aFile({ sha256: ONE }) })),
      aListing(files({ [path]: aFile({ sha256: OTHER }) })),
    )

    expect(found.files).toEqual([expect.not.objectContaining({ partOf: expect.anything() })])
  })
})

describe('guestChanges', () => {
  it('tells packages, users and groups that came, went and changed', () => {
    const user = { uid: 5, gid: 5, home: '/', shell: '/bin/sh' }
    const before = aListing({
      packages: new Map([
        ['gone', '1 all'],
        ['newer', '1 all'],
      ]),
      users: new Map([['a', user]]),
      groups: new Map([['g', { gid: 1, members: ['a'] }]]),
    })
    const now = aListing({
      packages: new Map([
        ['newer', '2 all'],
        ['come', '1 all'],
      ]),
      users: new Map([['a', { ...user, shell: '/bin/bash' }]]),
      groups: new Map([['g', { gid: 1, members: ['b', 'a'] }]]),
    })

    const { packages, users, groups } = guestChanges(before, now)

    expect(packages).toEqual([
      { change: 'added', name: 'come', now: '1 all' },
      { change: 'removed', name: 'gone', before: '1 all' },
      { change: 'changed', name: 'newer', before: '1 all', now: '2 all' },
    ])
    expect(users).toEqual([
      {
        change: 'changed',
        name: 'a',
        before: 'uid 5, gid 5, home /, shell /bin/sh',
        now: 'uid 5, gid 5, home /, shell /bin/bash',
      },
    ])
    expect(groups).toEqual([{ change: 'changed', name: 'g', before: 'gid 1, members a', now: 'gid 1, members a, b' }])
  })

  it('tells units that start, that do not any more, and that are masked', () => {
    const link = (target: string) => aFile({ kind: 'link', target })
    const before = aListing(files({ '/etc/systemd/system/multi-user.target.wants/old.service': link('/x') }))
    const now = aListing(
      files({
        '/etc/systemd/system/timers.target.wants/new.timer': link('/x'),
        '/etc/systemd/system/apt-daily.timer': link('/dev/null'),
        '/etc/systemd/system/mine.service': aFile(),
        '/etc/systemd/system/alias.service': link('/usr/lib/systemd/system/mine.service'),
      }),
    )

    const { units, files: found } = guestChanges(before, now)

    expect(units).toEqual([
      { change: 'enabled', unit: 'new.timer' },
      { change: 'disabled', unit: 'old.service' },
      { change: 'masked', unit: 'apt-daily.timer' },
    ])
    expect(found.filter(({ partOf }) => partOf === undefined).map(({ path }) => path)).toEqual([
      '/etc/systemd/system/mine.service',
    ])
  })

  it('tells kernel arguments that no entry had or none has any more, and in how many entries', () => {
    const before = aListing({
      kernelEntries: ['linux /vmlinuz-1 root=/dev/vda1 ro quiet', 'linux /vmlinuz-1 ro single'],
    })
    const now = aListing({ kernelEntries: ['linux /vmlinuz-1 root=/dev/vda1 ro x=1', 'linux /vmlinuz-1 ro single'] })

    expect(guestChanges(before, now).kernelArguments).toEqual([
      { change: 'added', word: 'x=1', entries: 1, ofEntries: 2 },
      { change: 'removed', word: 'quiet', entries: 1, ofEntries: 2 },
    ])
  })

  it('does not take the path of another kernel for an argument', () => {
    const entries = (version: string) => aListing({ kernelEntries: [`linux\t/boot/vmlinuz-${version} ro`] })

    expect(guestChanges(entries('1'), entries('2')).kernelArguments).toEqual([])
  })

  it('tells what an initrd that was made anew has and has not any more', () => {
    const before = aListing({
      initrds: new Map([
        ['i', new Set(['a', 'b'])],
        ['untouched', new Set(['x'])],
      ]),
    })
    const now = aListing({ initrds: new Map([['i', new Set(['b', 'c'])]]) })

    expect(guestChanges(before, now).initrds).toEqual([{ initrd: 'i', added: ['c'], removed: ['a'] }])
  })

  it('finds nothing between a guest and itself, whatever is in it', () => {
    fc.assert(
      fc.property(anyListing, (listing) => {
        expect(guestChanges(listing, listing)).toEqual(NOTHING)
      }),
    )
  })

  it('finds as added one way what it finds as removed the other way', () => {
    fc.assert(
      fc.property(anyListing, anyListing, (one, other) => {
        const [there, back] = [guestChanges(one, other), guestChanges(other, one)]
        const paths = (changes: typeof there, change: string) =>
          changes.files.filter((file) => file.change === change).map(({ path }) => path)
        expect(paths(there, 'added')).toEqual(paths(back, 'removed'))
        expect(paths(there, 'removed')).toEqual(paths(back, 'added'))
      }),
    )
  })
})

const anyFile = fc.record({
  kind: fc.constantFrom('file', 'directory', 'link', 'other'),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.nat(3),
  gid: fc.nat(3),
  sizeBytes: fc.nat(3),
  modifiedS: fc.nat(3),
  sha256: fc.constantFrom(ONE, OTHER),
})
const anyPath = fc.constantFrom(
  '/a',
  '/b',
  '/etc/passwd',
  '/var/log/x',
  '/boot/grub/grub.cfg',
  '/etc/systemd/system/x.service',
)
const anyListing = fc
  .tuple(
    fc.array(fc.tuple(anyPath, anyFile)),
    fc.array(fc.tuple(fc.constantFrom('p', 'q'), fc.constantFrom('1', '2'))),
    fc.array(fc.constantFrom('linux /k a', 'linux /k b c')),
    fc.array(fc.tuple(anyPath, fc.string())),
  )
  .map(([entries, packages, kernelEntries, texts]) =>
    aListing({
      files: new Map(entries),
      packages: new Map(packages),
      kernelEntries,
      texts: new Map(texts),
    }),
  )

import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readListing } from '../../../src/guest/read-listing.js'
import { CvmError } from '../../../src/model/errors.js'
import { aRawListing } from '../../fixtures/listings.js'

const SUM = 'a'.repeat(64)

describe('readListing', () => {
  it('reads files with kind, mode, owner, size and time, links with their target, and digests', () => {
    const { files } = readListing(
      aRawListing({
        'files /': ['d 755 0 0 4096 7 ', 'd 1777 0 0 4096 7 tmp', 'f 4755 0 5 10 7 a b\nc', 'l 777 0 0 0 0 l', '>x y'],
        'sums /': [`${SUM}  ./a b\nc`, `${SUM}  ./gone`],
        'files /boot/efi': ['d 755 0 0 4096 7 ', 'f 755 0 0 1 7 EFI/x', 's 755 0 0 0 7 sock'],
      }),
    )

    const about = { uid: 0, gid: 0, modifiedS: 7 }
    expect(Object.fromEntries(files)).toEqual({
      '/': { kind: 'directory', mode: 0o755, sizeBytes: 4096, ...about },
      '/tmp': { kind: 'directory', mode: 0o1777, sizeBytes: 4096, ...about },
      '/a b\nc': { kind: 'file', mode: 0o4755, sizeBytes: 10, sha256: SUM, ...about, gid: 5 },
      '/l': { kind: 'link', mode: 0o777, sizeBytes: 0, target: 'x y', ...about, modifiedS: 0 },
      '/boot/efi': { kind: 'directory', mode: 0o755, sizeBytes: 4096, ...about },
      '/boot/efi/EFI/x': { kind: 'file', mode: 0o755, sizeBytes: 1, ...about },
      '/boot/efi/sock': { kind: 'other', mode: 0o755, sizeBytes: 0, ...about },
    })
  })

  it('reads packages, their files, accounts, kernel entries, initrds and texts', () => {
    const listing = readListing(
      aRawListing(
        {
          packages: ['vim 2:9.1-1 amd64'],
          owned: ['vim:/usr/bin/vi:m'],
          users: ['root:0:0:/root:/bin/bash', '+::::', ''],
          groups: ['sudo:27:a,b', 'x:9:'],
          cmdline: ['\tlinux\t/boot/vmlinuz ro quiet'],
          'initrd initrd.img-6 x': ['bin', 'bin/sh'],
        },
        { 'etc/motd': 'one\n=two\n\nfour', 'etc/x': '' },
      ),
    )

    expect(listing.packages).toEqual(new Map([['vim', '2:9.1-1 amd64']]))
    expect(listing.owners).toEqual(new Map([['/usr/bin/vi:m', 'vim']]))
    expect(listing.users).toEqual(new Map([['root', { uid: 0, gid: 0, home: '/root', shell: '/bin/bash' }]]))
    expect(listing.groups.get('sudo')).toEqual({ gid: 27, members: ['a', 'b'] })
    expect(listing.groups.get('x')).toEqual({ gid: 9, members: [] })
    expect(listing.kernelEntries).toEqual(['linux\t/boot/vmlinuz ro quiet'])
    expect(listing.initrds).toEqual(new Map([['initrd.img-6 x', new Set(['bin', 'bin/sh'])]]))
    expect(listing.texts).toEqual(
      new Map([
        ['/etc/motd', 'one\n=two\n\nfour'],
        ['/etc/x', ''],
      ]),
    )
  })

  it.each([
    ['what is not compressed', Buffer.from('=files /\0')],
    ['a file without a mode', aRawListing({ 'files /': ['f root'] })],
    ['a target of what is no link', aRawListing({ 'files /': ['f 644 0 0 1 7 x', '>y'] })],
    ['a target of nothing', aRawListing({ 'files /': ['>y'] })],
    ['a digest that is none', aRawListing({ 'files /': ['f 644 0 0 1 7 x'], 'sums /': ['abc  ./x'] })],
    ['a section that nobody knows', aRawListing({ nonsense: ['x'] })],
    ['a record before any section', gzipSync('f 644 0 0 1 7 x\0')],
    ['a record without an end', gzipSync('=files /\0f 644 0 0 1 7 x')],
    ['more than memory is for', aRawListing({ users: ['x'.repeat(129 * 1024 * 1024)] })],
  ])('refuses %s as an error of its own', (_what, bytes) => {
    expect(() => readListing(bytes)).toThrow(expect.objectContaining({ code: 'LISTING_UNREADABLE' }))
  })

  it('reads any bytes at all, or says that it cannot', () => {
    const records = fc.array(
      fc.oneof(
        fc.constantFrom(
          '=files /',
          '=sums /',
          '=users',
          '=groups',
          '=owned',
          '=cmdline',
          '=initrd x',
          '=packages',
          '=texts',
        ),
        fc.constantFrom(
          'f 644 0 0 1 7 x',
          'l 777 0 0 0 0 __proto__',
          '>y',
          `${SUM}  ./x`,
          'a:1:2:/:/sh',
          '__proto__:1:2',
        ),
        fc.string(),
      ),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          records.map((all) => gzipSync(all.join('\0'))),
          fc.uint8Array(),
        ),
        (bytes) => {
          try {
            readListing(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(CvmError)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

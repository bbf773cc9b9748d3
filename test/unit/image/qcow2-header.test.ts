import { describe, expect, it } from 'vitest'
import { type Qcow2Header, type Qcow2Refusal, readQcow2Header } from '../../../src/image/qcow2-header.js'
import { aFeatureName, aQcow2Header, FILE_BYTES, type HeaderParts } from './a-qcow2-header.js'

function read(parts: HeaderParts, fileSizeBytes = FILE_BYTES): Qcow2Header | Qcow2Refusal {
  return readQcow2Header({ head: aQcow2Header(parts), fileSizeBytes })
}

describe('readQcow2Header', () => {
  it('reads size, version and cluster size of a sound image', () => {
    expect(read({})).toEqual({
      ok: true,
      version: 3,
      virtualSizeBytes: 10 * 2 ** 30,
      clusterBytes: 65536,
      backingFile: undefined,
      backingFormat: undefined,
      warnings: [],
    })
  })

  it('reads a version 2 header, which has no feature bits', () => {
    expect(read({ version: 2 })).toMatchObject({ ok: true, version: 2 })
  })

  const accepted: readonly [string, HeaderParts][] = [
    ['zstd compression', { incompatible: 8n, compressionType: 1 }],
    ['extended L2 entries', { incompatible: 16n, l1Size: 40 }],
    ['a header of 104 bytes', { headerLength: 104 }],
    ['the largest virtual size of 2 TiB', { size: 2n ** 41n, l1Size: 4096 }],
    ['an unknown header extension', { extensions: [{ type: 0x12345678, data: Buffer.from('whatever') }] }],
  ]
  it.each(accepted)('accepts %s without a warning', (_, parts) => {
    expect(read(parts)).toMatchObject({ ok: true, warnings: [] })
  })

  const warned: readonly [string, HeaderParts, RegExp][] = [
    ['the dirty bit', { incompatible: 1n }, /not closed properly/],
    ['snapshots', { snapshotCount: 3 }, /^3 internal snapshots/],
    ['bitmaps', { extensions: [{ type: 0x23852875, data: Buffer.alloc(24) }] }, /bitmaps/],
  ]
  it.each(warned)('accepts %s with a warning', (_, parts, words) => {
    expect(read(parts)).toMatchObject({ ok: true, warnings: [expect.stringMatching(words)] })
  })

  const refused: readonly [string, HeaderParts, string, RegExp][] = [
    ['a backing file', { backingFile: 'base.qcow2' }, 'IMAGE_HAS_BACKING_FILE', /"base\.qcow2"/],
    ['a backing file /etc/shadow', { backingFile: '/etc/shadow' }, 'IMAGE_HAS_BACKING_FILE', /"\/etc\/shadow"/],
    ['a json: backing file', { backingFile: 'json:{"driver":"nbd"}' }, 'IMAGE_HAS_BACKING_FILE', /json:/],
    ['a backing file name out of reach', { backingFileOffset: 2n ** 63n }, 'IMAGE_HAS_BACKING_FILE', /unreadable name/],
    ['the data file bit', { incompatible: 4n }, 'IMAGE_HAS_DATA_FILE', /another file/],
    [
      'a data file name without its bit',
      { extensions: [{ type: 0x44415441, data: Buffer.from('/etc/passwd') }] },
      'IMAGE_HAS_DATA_FILE',
      /"\/etc\/passwd"/,
    ],
    ['AES encryption', { cryptMethod: 1 }, 'IMAGE_ENCRYPTED', /AES/],
    ['LUKS encryption', { cryptMethod: 2 }, 'IMAGE_ENCRYPTED', /LUKS/],
    [
      'an encryption header',
      { extensions: [{ type: 0x0537be77, data: Buffer.alloc(16) }] },
      'IMAGE_ENCRYPTED',
      /encrypted/,
    ],
    ['an unknown feature bit', { incompatible: 1n << 37n }, 'IMAGE_FEATURE_UNKNOWN', /bit 37 is not known/],
    [
      'an unknown feature bit with a name',
      { incompatible: 32n, extensions: [aFeatureName(5, 'time travel')] },
      'IMAGE_FEATURE_UNKNOWN',
      /bit 5 \("time travel"\)/,
    ],
    ['the corrupt bit', { incompatible: 2n }, 'IMAGE_CORRUPT', /marked as corrupt/],
    [
      'an unknown compression type',
      { incompatible: 8n, compressionType: 9 },
      'IMAGE_FEATURE_UNKNOWN',
      /compression type 9/,
    ],
    ['a compression type without its bit', { compressionType: 1 }, 'IMAGE_CORRUPT', /contradict/],
    ['version 4', { version: 4 }, 'IMAGE_FEATURE_UNKNOWN', /version 4/],
    ['clusters of 2^63 bytes', { clusterBits: 63 }, 'IMAGE_CORRUPT', /cluster_bits is 63/],
    ['clusters of 256 bytes', { clusterBits: 8 }, 'IMAGE_CORRUPT', /cluster_bits is 8/],
    ['a header longer than its cluster', { clusterBits: 9, headerLength: 520 }, 'IMAGE_CORRUPT', /520 bytes long/],
    ['a virtual size of 60 TiB', { size: 60n * 2n ** 40n }, 'IMAGE_TOO_LARGE', /60 TiB/],
    ['an L1 table beyond the end of the file', { l1TableOffset: 0x50000n }, 'IMAGE_CORRUPT', /cut short: its L1 table/],
    ['an L1 table that overlaps the header', { l1TableOffset: 0n }, 'IMAGE_CORRUPT', /impossible offset 0/],
    ['an L1 table that is too small', { l1Size: 19 }, 'IMAGE_CORRUPT', /too small/],
    ['an L1 table of gigabytes', { l1Size: 0xffffffff }, 'IMAGE_CORRUPT', /L1 table has 4294967295/],
    [
      'a refcount table beyond the end',
      { refcountTableOffset: 0x50000n },
      'IMAGE_CORRUPT',
      /refcount table should end/,
    ],
    ['no refcount table', { refcountTableClusters: 0 }, 'IMAGE_CORRUPT', /refcount table has 0/],
    ['a refcount width of 2^7 bits', { refcountOrder: 7 }, 'IMAGE_CORRUPT', /refcount_order/],
    ['a snapshot table beyond the end', { snapshotCount: 60000 }, 'IMAGE_CORRUPT', /snapshot table/],
    [
      'an extension that runs out of the header',
      { extensions: [{ type: 0x12345678, data: Buffer.alloc(8), length: 0x7fffffff }] },
      'IMAGE_CORRUPT',
      /run out of their area/,
    ],
  ]
  it.each(refused)('refuses %s', (_, parts, code, words) => {
    expect(read(parts)).toMatchObject({ ok: false, refused: code, message: expect.stringMatching(words) })
  })

  it('names a backing file in a damaged header too, because that matters more', () => {
    expect(read({ backingFile: '/etc/shadow', clusterBits: 63 })).toMatchObject({ refused: 'IMAGE_HAS_BACKING_FILE' })
  })

  it('makes a hostile backing file name printable', () => {
    const verdict = read({ backingFile: 'a\u001b]0;evil\u0007\u202eb\n' })

    expect(verdict).toMatchObject({ message: expect.stringContaining('"a\\u001b]0;evil\\u0007\\u{202e}b\\n"') })
  })

  it('allows the one backing file that the caller made, and no other', () => {
    const ours = readQcow2Header({
      head: aQcow2Header({ backingFile: 'input.img', extensions: [{ type: 0xe2792aca, data: Buffer.from('raw') }] }),
      fileSizeBytes: FILE_BYTES,
      allowedBackingFile: 'input.img',
    })
    const other = readQcow2Header({
      head: aQcow2Header({ backingFile: 'input.img2' }),
      fileSizeBytes: FILE_BYTES,
      allowedBackingFile: 'input.img',
    })

    expect(ours).toMatchObject({ ok: true, backingFile: 'input.img', backingFormat: 'raw' })
    expect(other).toMatchObject({ refused: 'IMAGE_HAS_BACKING_FILE' })
  })

  it('refuses a file that ends within its header', () => {
    const verdict = readQcow2Header({ head: aQcow2Header().subarray(0, 80), fileSizeBytes: 80 })

    expect(verdict).toMatchObject({ refused: 'IMAGE_CORRUPT', message: expect.stringContaining('80 bytes') })
  })
})

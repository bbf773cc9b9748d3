import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  readSignatureLists,
  SIGNATURE_TYPE,
  signatureList,
  writeSignatureLists,
} from '../../../../src/firmware/decode/signature-list.js'

const OWNER = '77fa9abd-0359-4d32-bd60-28f4e78f784b'
const DIGEST = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
/** dbx of Debian's OVMF_VARS_4M.ms.fd (ovmf 2022.11-6+deb12u2), from its bytes. */
const DEBIAN_DBX = `2616c4c14c509240aca941f9369343284c0000000000000030000000a3a8baa01d04a848bc87c36d121b5e3d${DIGEST}`

const guids = fc.uuid()
const lists = fc.array(
  fc
    .record({
      type: guids,
      header: fc.uint8Array({ maxLength: 20 }),
      length: fc.nat(60),
      owners: fc.array(guids, { maxLength: 4 }),
    })
    .map(({ type, header, length, owners }) => ({
      type,
      header: Buffer.from(header),
      signatures: owners.map((owner, index) => ({ owner, data: Buffer.alloc(length, index) })),
    })),
  { maxLength: 4 },
)

describe('readSignatureLists', () => {
  it('reads the dbx that Debian ships', () => {
    expect(readSignatureLists(Buffer.from(DEBIAN_DBX, 'hex'))).toEqual([
      {
        type: SIGNATURE_TYPE.sha256,
        header: Buffer.alloc(0),
        signatures: [{ owner: 'a0baa8a3-041d-48a8-bc87-c36d121b5e3d', data: Buffer.from(DIGEST, 'hex') }],
      },
    ])
  })

  it('reads what was written, kinds that nobody knows and headers included', () => {
    fc.assert(
      fc.property(lists, (value) => {
        expect(readSignatureLists(writeSignatureLists(value))).toEqual(value)
      }),
      { numRuns: 100 },
    )
  })

  it.each([
    ['a header that is cut short', (data: Buffer) => data.subarray(0, 20), /byte 0 .* only 20 bytes/],
    ['a list longer than the variable', (data: Buffer) => data.subarray(0, 70), /76 bytes/],
    ['a list of no bytes', (data: Buffer) => patched(data, 16, 0), /has 0 bytes/],
    ['entries that do not fit', (data: Buffer) => patched(data, 24, 47), /48 bytes do not hold entries of 47/],
    ['entries without room for their owner', (data: Buffer) => patched(data, 24, 0), /entries of 0/],
  ])('refuses %s', (_, damage, words) => {
    expect(() => readSignatureLists(damage(Buffer.from(DEBIAN_DBX, 'hex')))).toThrow(words)
  })

  it('throws nothing but RangeError, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        try {
          readSignatureLists(Buffer.from(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('writeSignatureLists', () => {
  it('keeps the order of the lists', () => {
    const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
    const written = writeSignatureLists(
      [first, second].map((data) => signatureList('sha256', [{ owner: OWNER, data }])),
    )

    expect(written.indexOf(first)).toBeLessThan(written.indexOf(second))
  })

  it('takes no entries of different lengths into one list', () => {
    const entries = [1, 2].map((length) => ({ owner: OWNER, data: Buffer.alloc(length) }))

    expect(() => writeSignatureLists([signatureList('x509', entries)])).toThrow('differ in length')
  })
})

function patched(data: Buffer, at: number, value: number): Buffer {
  data.writeUInt32LE(value, at)
  return data
}

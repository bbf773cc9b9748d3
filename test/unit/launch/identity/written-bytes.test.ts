import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writtenBytes } from '../../../../src/launch/identity/written-bytes.js'

const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

describe('writtenBytes', () => {
  it('takes the base64 that virt-manager tests MROWNER with, and its hex', () => {
    // virt-manager, tests/data/cli: six times 0123456789abcdef.
    const base64 = 'ASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8BI0VniavN7wEjRWeJq83v'
    const hex = '0123456789abcdef'.repeat(6)

    expect(writtenBytes(base64, 48)).toMatchObject({ ok: true, form: 'base64', bytes: Buffer.from(hex, 'hex') })
    expect(writtenBytes(hex, 48)).toMatchObject({ ok: true, form: 'hex', bytes: Buffer.from(hex, 'hex') })
    expect(writtenBytes('V2UgYXJlIHRoZSBLbmlnaHRzIHdobyBzYXkgbmkhISE=', 32)).toMatchObject({ ok: true })
  })

  it('takes every value back from both encodings, in any case, with 0x, and with the form said', () => {
    const sizes = fc.constantFrom(16, 32, 48)
    const values = sizes.chain((size) => fc.uint8Array({ minLength: size, maxLength: size }))
    fc.assert(
      fc.property(values, (value) => {
        const bytes = Buffer.from(value)
        const hex = bytes.toString('hex')
        const base64 = bytes.toString('base64')
        for (const word of [hex, hex.toUpperCase(), `0x${hex}`, `hex:${hex}`, `hex:0x${hex}`]) {
          expect(writtenBytes(word, bytes.length)).toEqual({ ok: true, form: 'hex', bytes })
        }
        // A base64 text of hex digits only has a chance of 1 to 10^29.
        for (const word of [base64, `base64:${base64}`]) {
          expect(writtenBytes(word, bytes.length)).toEqual({ ok: true, form: 'base64', bytes })
        }
      }),
      { numRuns: 300 },
    )
  })

  it('refuses 64 hex digits where 48 bytes are wanted, for they are base64 of 48 bytes as well', () => {
    expect(writtenBytes(SHA256_OF_NOTHING, 48)).toEqual({
      ok: false,
      why: 'its 64 characters are 32 bytes as hex and 48 bytes as base64',
      next: `Say which it is. If it is hex, zeros on the right make it 48: pad:${SHA256_OF_NOTHING}. If it is base64: base64:${SHA256_OF_NOTHING}`,
    })
    expect(writtenBytes(`0x${SHA256_OF_NOTHING.slice(2)}`, 48)).toMatchObject({ ok: false, why: /31 bytes as hex/ })
    expect(writtenBytes(`base64:${SHA256_OF_NOTHING}`, 48)).toMatchObject({ ok: true, form: 'base64' })
  })

  it('takes the same 64 digits where 32 bytes are wanted', () => {
    expect(writtenBytes(SHA256_OF_NOTHING, 32)).toMatchObject({ ok: true, form: 'hex' })
  })

  it('finds no other word that means the wanted size in both forms', () => {
    // Of what looks like hex and like base64, by length: only hex of the wrong length can be base64 of the right one.
    for (const wanted of [16, 32, 48]) {
      const both = Array.from({ length: 200 }, (_, length) => 'a'.repeat(length)).filter((word) => {
        const hexBytes = word.length % 2 === 0 ? word.length / 2 : Number.NaN
        const base64Bytes = word.length % 4 === 0 ? (word.length / 4) * 3 : Number.NaN
        return hexBytes === wanted && base64Bytes === wanted
      })
      expect(both).toEqual([])
    }
  })

  it.each([
    [`hex:${SHA256_OF_NOTHING}`, /32 bytes in hex, and 48 are wanted/, /pad:hex:e3b0/],
    [Buffer.alloc(32, 1).toString('base64'), /32 bytes in base64/, /pad:base64:/],
    ['ab'.repeat(47), /47 bytes in hex/, /96 characters of hex, or 64 of base64/],
    ['ab'.repeat(49), /49 bytes in hex/, /Give 48 bytes/],
    ['ab', /it is 1 byte in hex/, /Give 48 bytes/],
    ['', /empty/, /48 bytes/],
    ['hex:', /not hex/, /two of 0-9/],
    ['hex:abc', /3 characters are not hex/, /two of 0-9/],
    ['0x', /neither/, /hex:/],
    ['a'.repeat(95), /neither/, /file:PATH/],
    [`${'A'.repeat(63)}-`, /neither/, /base64:/],
    [`${'A'.repeat(64)}\n`, /neither/, /hex/],
    ['policy.json', /11 characters are neither hex nor base64/, /file:PATH/],
    [`base64:${'A'.repeat(63)}`, /not base64/, /multiple of four/],
    // Bits left over: Node takes it, and another text would mean the same bytes.
    [`base64:${'A'.repeat(42)}B=`, /not base64/, /multiple of four/],
  ])('refuses %j with words', (word, why, next) => {
    expect(writtenBytes(word, 48)).toEqual({
      ok: false,
      why: expect.stringMatching(why),
      next: expect.stringMatching(next),
    })
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { derChild, derChildren, derOid, readDer, TAG } from '../../../src/firmware/der.js'

const der = (hex: string) => readDer(Buffer.from(hex, 'hex'))

describe('readDer', () => {
  it('reads short and long lengths, and leaves what is behind', () => {
    expect(der('0401aaff')).toMatchObject({ tag: TAG.octetString, content: Buffer.from([0xaa]) })
    expect(der(`048180${'00'.repeat(128)}`).content).toHaveLength(128)
    expect(der(`04820100${'00'.repeat(256)}`).whole).toHaveLength(260)
  })

  it.each([
    ['no length', '04'],
    ['too few bytes', '040200'],
    ['a length of which half is there', '048201'],
    ['a length without an end (BER)', '30800000'],
    ['a length of five bytes', '04850000000001aa'],
  ])('refuses %s', (_, hex) => {
    expect(() => der(hex)).toThrow(RangeError)
  })

  it('throws nothing but RangeError, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          derChildren(readDer(Buffer.from(bytes)))
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('what is inside', () => {
  it('is read in order, with the tag that must be there', () => {
    const sequence = der('3006040101040102')

    expect(derChildren(sequence).map(({ content }) => content[0])).toEqual([1, 2])
    expect(derChild(sequence, 1, TAG.octetString).content[0]).toBe(2)
    expect(() => derChild(sequence, 1, TAG.sequence)).toThrow('place 1')
    expect(() => derChild(sequence, 2, TAG.octetString)).toThrow('place 2')
  })

  it.each([
    ['2a864886f70d010702', '1.2.840.113549.1.7.2'],
    ['2b0601040182370201' + '04', '1.3.6.1.4.1.311.2.1.4'],
    ['608648016503040201', '2.16.840.1.101.3.4.2.1'],
  ])('object identifier %s is %s', (hex, dotted) => {
    const content = Buffer.from(hex, 'hex')

    expect(derOid({ tag: TAG.oid, content, whole: content })).toBe(dotted)
  })
})

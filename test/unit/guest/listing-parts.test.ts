import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ListingParts } from '../../../src/guest/listing-parts.js'

function part(number: number, of: number, data: Uint8Array = Buffer.from(`${number}`)) {
  return { event: 'listing', s: 1, number, of, data: Buffer.from(data).toString('base64') } as const
}

describe('ListingParts', () => {
  it('puts the parts together again, in whatever order they come', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.uint8Array(), { minLength: 1, maxLength: 32 })
          .chain((pieces) =>
            fc.tuple(fc.constant(pieces), fc.shuffledSubarray([...pieces.keys()], { minLength: pieces.length })),
          ),
        ([pieces, order]) => {
          const parts = new ListingParts()
          for (const index of order) parts.take(part(index + 1, pieces.length, pieces[index]))
          expect(parts.whole()).toEqual(Buffer.concat(pieces))
        },
      ),
    )
  })

  it('takes the first of two parts with one number', () => {
    const parts = new ListingParts()
    parts.take(part(1, 1, Buffer.from('first')))
    parts.take(part(1, 1, Buffer.from('second')))

    expect(parts.whole().toString()).toBe('first')
  })

  it.each([
    ['none came', [], 'sent none'],
    ['one is missing', [part(1, 3), part(3, 3)], 'part 2 of 3 did not come'],
    ['there are more than a guest has to say', [part(1, 33)], '33 parts'],
  ])('says so when %s', (_what, events, why) => {
    const parts = new ListingParts()
    for (const event of events) parts.take(event)

    expect(() => parts.whole()).toThrow(
      expect.objectContaining({ code: 'LISTING_UNREADABLE', why: expect.stringContaining(why) }),
    )
  })
})

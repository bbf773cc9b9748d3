import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TailBuffer } from '../../../src/host/tail-buffer.js'

it('keeps exactly the last bytes, however they arrive', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.integer({ min: 1, max: 50 }), (chunks, limit) => {
      const tail = new TailBuffer(limit)

      for (const chunk of chunks) tail.append(chunk)

      const all = Buffer.concat(chunks)
      expect(tail.bytes()).toEqual(all.subarray(Math.max(0, all.length - limit)))
      expect(tail.droppedBytes).toBe(Math.max(0, all.length - limit))
      expect(tail.seenBytes).toBe(all.length)
    }),
  )
})

it('does not begin its text in the middle of a character', () => {
  const tail = new TailBuffer(6)

  tail.append(Buffer.from('ab€€'))
  tail.append(Buffer.from('z'))

  expect(tail.text()).toBe('€z')
})

it('keeps nothing when its limit is zero', () => {
  const tail = new TailBuffer(0)

  tail.append(Buffer.from('abc'))

  expect(tail.text()).toBe('')
  expect(tail.droppedBytes).toBe(3)
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LineSplitter } from '../../../src/host/line-splitter.js'

it('gives the same lines however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.integer({ min: 1, max: 7 }), (words, step) => {
      const lines = words.map((word) => word.replaceAll(/[\r\n]/g, ''))
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))

      expect(split(bytes, step)).toEqual(lines)
    }),
  )
})

it('hands on a last line that has no end', () => {
  expect(split(Buffer.from('one\r\ntwo'), 3)).toEqual(['one', 'two'])
})

it('cuts a line that never ends instead of keeping it', () => {
  const lines = split(Buffer.alloc(200_000, 'x'), 4096)

  expect(lines.map((line) => line.length)).toEqual([65_536, 65_536, 65_536, 3_392])
})

function split(bytes: Buffer, step: number): readonly string[] {
  const lines: string[] = []
  const splitter = new LineSplitter((line) => lines.push(line))
  for (let at = 0; at < bytes.length; at += step) splitter.feed(bytes.subarray(at, at + step))
  splitter.end()
  return lines
}

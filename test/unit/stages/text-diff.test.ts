import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unifiedDiff } from '../../../src/stages/text-diff.js'

const letters = (text: string) => [...text]
const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 30 })

describe('unifiedDiff', () => {
  it.each([
    ['abc', 'abc', []],
    ['', 'a', ['+a']],
    ['a', '', ['-a']],
    ['abcdefgh', 'abcXefgh', [' b', ' c', '-d', '+X', ' e', ' f']],
    ['1abcdefg2', '3abcdefg4', ['-1', '+3', ' a', ' b', '@@', ' f', ' g', '-2', '+4']],
  ])('shows %j and %j with two lines around each change', (old, now, diff) => {
    expect(unifiedDiff(letters(old), letters(now))).toEqual(diff)
  })

  it('takes away lines of the first and puts in lines of the second, and as many as the lengths differ by', () => {
    fc.assert(
      fc.property(lines, lines, (old, now) => {
        const diff = unifiedDiff(old, now) ?? []
        const behind = (sign: string) => diff.filter((line) => line.startsWith(sign)).map((line) => line.slice(1))
        expect(old).toEqual(expect.arrayContaining(behind('-')))
        expect(now).toEqual(expect.arrayContaining(behind('+')))
        expect(behind('+').length - behind('-').length).toBe(now.length - old.length)
        expect(diff.length === 0).toBe(JSON.stringify(old) === JSON.stringify(now))
      }),
    )
  })

  it('takes away and puts in as few lines as can be', () => {
    const short = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 7 })
    fc.assert(
      fc.property(short, short, (old, now) => {
        const taken = (unifiedDiff(old, now) ?? []).filter((line) => line.startsWith('-')).length
        expect(taken).toBe(old.length - longestCommon(old, now))
      }),
    )
  })

  it('does not compare texts that are too long', () => {
    expect(
      unifiedDiff(
        Array.from({ length: 2001 }, () => 'a'),
        ['b'],
      ),
    ).toBeUndefined()
  })
})

/** By trying everything. */
function longestCommon(one: readonly string[], other: readonly string[]): number {
  if (one.length === 0 || other.length === 0) return 0
  const skipped = Math.max(longestCommon(one.slice(1), other), longestCommon(one, other.slice(1)))
  return one[0] === other[0] ? Math.max(skipped, 1 + longestCommon(one.slice(1), other.slice(1))) : skipped
}

import { describe, expect, it } from 'vitest'
import { editDistance, nearestWord } from '../../../src/plugins/nearest-word.js'

describe('nearestWord', () => {
  it('finds the word that differs by a letter or a swap', () => {
    expect(nearestWord('netplna', ['motd', 'netplan'])).toBe('netplan')
    expect(nearestWord('meassure', ['measure', 'appraise'])).toBe('measure')
  })

  it('finds nothing when every word is far away', () => {
    expect(nearestWord('completely-other', ['measure', 'appraise'])).toBeUndefined()
  })

  it.each([
    ['', '', 0],
    ['a', '', 1],
    ['ab', 'ba', 1],
    ['kitten', 'sitting', 3],
  ])('counts the steps from "%s" to "%s" as %i', (a, b, steps) => {
    expect(editDistance(a, b)).toBe(steps)
  })
})

import { describe, expect, it } from 'vitest'
import { flashMisfit } from '../../../src/model/flash-pair.js'

describe('flashMisfit', () => {
  it.each([
    ['2 MiB', 1966080, 131072],
    ['4 MiB', 3653632, 540672],
  ])('takes the halves of the %s build', (_, code, variables) => {
    expect(flashMisfit(code, variables)).toBeUndefined()
  })

  it.each([
    [1966080, 540672, /belongs to variables of 131072 bytes/],
    [3653632, 131072, /belongs to variables of 540672 bytes/],
  ])('says of code of %d and variables of %d bytes what belongs together', (code, variables, words) => {
    expect(flashMisfit(code, variables)).toMatch(words)
  })
})

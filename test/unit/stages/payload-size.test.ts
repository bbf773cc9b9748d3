import { describe, expect, it } from 'vitest'
import { assertFitsSeed } from '../../../src/stages/pre-stage.js'

describe('the archive with the files of the plugins', () => {
  it('is refused from the size on that genisoimage refuses (seen with 1.1.11: "larger than 4GiB-1")', () => {
    expect(() => assertFitsSeed(2 ** 32 - 2048)).not.toThrow()
    expect(() => assertFitsSeed(2 ** 32 - 1)).toThrow('the files of the plugins make an archive of 4.0 GiB')
  })
})

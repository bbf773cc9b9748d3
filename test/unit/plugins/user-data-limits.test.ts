import { describe, expect, it } from 'vitest'
import { checkUserDataLimits } from '../../../src/plugins/user-data-limits.js'

const MIB = 1024 * 1024

describe('checkUserDataLimits', () => {
  it('takes what fits', () => {
    expect(checkUserDataLimits([{ plugin: '01-a', sizeBytes: 12 * MIB - MIB / 2 }])).toEqual([])
  })

  it('counts bytes as they are when encoded, and says who has how many', () => {
    const problems = checkUserDataLimits([
      { plugin: '01-a', sizeBytes: 5 * MIB },
      { plugin: '02-b', sizeBytes: 8 * MIB },
    ])

    expect(problems).toEqual([
      expect.objectContaining({
        code: 'USER_DATA_TOO_LARGE',
        what: expect.stringMatching(/02-b: \d+ bytes, 01-a: \d+ bytes/),
      }),
    ])
  })

  it('refuses more than 1000 parts', () => {
    const part = { plugin: '01-a', sizeBytes: 1 }

    expect(checkUserDataLimits(Array(1000).fill(part))).toEqual([])
    expect(checkUserDataLimits(Array(1001).fill(part))[0]?.what).toContain('1001 parts')
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CvmError } from '../../../src/model/errors.js'
import { hider, secretValues } from '../../../src/model/hidden-values.js'

describe('hider', () => {
  it('replaces a secret in texts at any depth, and leaves everything else as it is', () => {
    const hide = hider(['hunter22'])

    expect(hide({ a: ['say hunter22, hunter22'], n: 3, u: undefined, b: true, nil: null })).toEqual({
      a: ['say (secret), (secret)'],
      n: 3,
      u: undefined,
      b: true,
      nil: null,
    })
  })

  it('hides the longer of two secrets whole when one begins like the other', () => {
    expect(hider(['hunter22', 'hunter2233'])('hunter2233 hunter22')).toBe('(secret) (secret)')
  })

  it('hides in every text of an error, and keeps its code', () => {
    const error = new CvmError('GUEST_SCRIPT_FAILED', 'hunter22', { why: 'w hunter22', next: 'n', lines: ['hunter22'] })

    const hidden = hider(['hunter22'])(error)

    expect(hidden).toBeInstanceOf(CvmError)
    expect([hidden.code, hidden.message, hidden.why, hidden.lines]).toEqual([
      'GUEST_SCRIPT_FAILED',
      '(secret)',
      'w (secret)',
      ['(secret)'],
    ])
  })

  it('lets no secret through, wherever it stands', () => {
    const secret = fc.string({ minLength: 6, maxLength: 20 }).filter((value) => !'(secret)'.includes(value))
    fc.assert(
      fc.property(secret, fc.array(fc.string()), (value, texts) => {
        const shown = hider([value])(texts.join(value))
        // What is left may only come together where a replacement has made two ends meet its own words.
        return !shown.replaceAll('(secret)', '\u0000').includes(value)
      }),
    )
  })
})

describe('secretValues', () => {
  it('takes those that a plugin.yaml calls secret, and those whose name says so, each line of a list by itself', () => {
    const variables = { CVM_PASSWORD: 'letmein', CVM_KEYS: 'first-one\nsecond-one', GUEST_SIZE: '20G-and-more' }

    expect(secretValues(variables, ['CVM_KEYS'])).toEqual(['letmein', 'first-one', 'second-one'])
  })

  it('leaves out what is too short to be found without finding other things', () => {
    expect(secretValues({ CVM_TOKEN: '12345' }, [])).toEqual([])
  })
})

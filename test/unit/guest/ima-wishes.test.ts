import { describe, expect, it } from 'vitest'
import { imaWishesText } from '../../../src/guest/ima-wishes.js'

describe('imaWishesText', () => {
  it('has a line of three columns for each wish', () => {
    const text = imaWishesText({
      policy: { path: '/plugins/20-a/policy', plugin: '20-a' },
      appraise: { mode: 'enforce', plugins: ['20-a', '30-b'] },
      hash: 'sha384',
      label: [
        { word: '/usr', plugins: ['20-a'] },
        { word: '/srv/a b', plugins: ['30-b'] },
      ],
    })

    expect(text).toBe(
      'policy\tima-policy\t20-a\nappraise\tenforce\t20-a, 30-b\nhash\tsha384\t\nlabel\t/usr\t20-a\nlabel\t/srv/a b\t30-b\n',
    )
  })

  it('always names the digest of labels, so that the guest is never without its wishes', () => {
    expect(imaWishesText({ hash: 'sha256', label: [] })).toBe('hash\tsha256\t\n')
  })
})

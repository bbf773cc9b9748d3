import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sshBannerIn } from '../../../src/host/ssh-banner.js'

describe('sshBannerIn', () => {
  it.each([
    ['SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n', 'SSH-2.0-OpenSSH_9.2p1 Debian-2'],
    ['welcome\r\nSSH-1.99-x\n', 'SSH-1.99-x'],
  ])('finds the version in %j', (text, banner) => {
    expect(sshBannerIn(text)).toBe(banner)
  })

  it.each([
    ['a line that has not ended', 'SSH-2.0-OpenSSH'],
    ['another protocol', '220 mail ESMTP\r\n'],
    ['an older version', 'SSH-1.5-x\r\n'],
    ['a terminal sequence', 'SSH-2.0-\x1b[2J\r\n'],
    ['a line that is too long', `SSH-2.0-${'x'.repeat(246)}\r\n`],
  ])('takes no banner from %s', (_title, text) => {
    expect(sshBannerIn(text)).toBeUndefined()
  })

  it('returns printable ASCII or nothing, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(sshBannerIn(`SSH-2.0-${text}\n`) ?? '').toMatch(/^[\x20-\x7e]*$/)
      }),
      { numRuns: 200 },
    )
  })
})

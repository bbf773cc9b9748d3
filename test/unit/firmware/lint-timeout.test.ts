import { describe, expect, it } from 'vitest'
import { writeTimeout } from '../../../src/firmware/decode/simple-values.js'
import { lintTimeout, timeoutSeconds } from '../../../src/firmware/lint-timeout.js'
import { aVariable } from './a-store.js'

const GUID_OF_SOMEBODY = '01234567-89ab-cdef-0123-456789abcdef'
const timeout = (seconds: number) => [aVariable({ data: writeTimeout(seconds) })]

describe('lintTimeout', () => {
  it.each([
    [1, /for these 1 s to be honoured, .* --boot-menu-wait 1 \(QEMU: -boot menu=on,splash-time=1000\)$/],
    [65, /for these 65 s .* --boot-menu-wait 65 /],
    [66, /65 s at the most; that comes with --boot-menu-wait 65 \(QEMU: -boot menu=on,splash-time=65000\)$/],
    [0xffff, /65 s at the most/],
  ])('says what a launch needs for %i s', (seconds, words) => {
    expect(lintTimeout(timeout(seconds))).toEqual([{ severity: 'note', text: expect.stringMatching(words) }])
  })

  it('says nothing of 0, which OVMF writes without a boot menu', () => {
    expect(lintTimeout(timeout(0))).toEqual([])
  })

  it('says nothing of a variable that is not the one of UEFI, or has not its two bytes', () => {
    const others = [aVariable({ guid: GUID_OF_SOMEBODY }), aVariable({ data: Buffer.from([5]) })]

    for (const other of others) {
      expect(timeoutSeconds([other])).toBeUndefined()
      expect(lintTimeout([other])).toEqual([])
    }
  })
})

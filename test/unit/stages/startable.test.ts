import { describe, expect, it } from 'vitest'
import type { DiskLayout } from '../../../src/model/image.js'
import { assertStartable } from '../../../src/stages/startable.js'

function aLayout(has: Pick<DiskLayout, 'hasEsp' | 'hasBiosBoot'>): DiskLayout {
  return { table: 'gpt', partitions: [], ...has }
}

describe('assertStartable', () => {
  it.each([
    ['bios', { hasEsp: false, hasBiosBoot: true }],
    ['uefi', { hasEsp: true, hasBiosBoot: false }],
    ['uefi', { hasEsp: false, hasBiosBoot: false }],
  ] as const)('leaves it to %s to start %o', (firmware, has) => {
    expect(() => assertStartable(firmware, aLayout(has))).not.toThrow()
  })

  it.each([
    [true, '--firmware uefi'],
    [false, 'is this the disk'],
  ])('refuses a disk without boot code for a BIOS, and says what to try (EFI partition: %s)', (hasEsp, next) => {
    expect(() => assertStartable('bios', aLayout({ hasEsp, hasBiosBoot: false }))).toThrow(
      expect.objectContaining({ code: 'GUEST_NOT_BOOTABLE', next: expect.stringContaining(next) }),
    )
  })
})

import { describe, expect, it } from 'vitest'
import { DISK_BYTES, guestDisk, offsetBytes, sectorsOf } from '../../../src/demo/guest-disk.js'

describe('guestDisk', () => {
  it.each([
    ['uefi', [14, 15, 1]],
    ['both', [14, 15, 1]],
    ['bios', [14, 1]],
  ] as const)('has the partitions of a %s guest, the root physically last', (boot, numbers) => {
    expect(guestDisk(boot).entries.map((entry) => entry.number)).toEqual(numbers)
  })

  it.each(['uefi', 'bios', 'both'] as const)(
    'lets no two partitions of a %s guest overlap and starts each at a mebibyte',
    (boot) => {
      const { entries } = guestDisk(boot)

      let free = 2048
      for (const entry of entries) {
        expect(entry.firstSector).toBeGreaterThanOrEqual(free)
        expect(entry.firstSector % 2048).toBe(0)
        expect(sectorsOf(entry)).toBeGreaterThan(0)
        free = entry.lastSector + 1
      }
    },
  )

  it('leaves room at the end for the second partition table', () => {
    const { root } = guestDisk('both')

    // 33 sectors: the header and 128 entries of 128 bytes.
    expect(root.lastSector).toBeLessThan(DISK_BYTES / 512 - 33)
  })

  it('makes the EFI system partition large enough for FAT32, which needs 65525 clusters', () => {
    const { esp } = guestDisk('uefi')

    expect(esp && sectorsOf(esp)).toBeGreaterThan(65_525)
  })

  it('counts offsets in bytes', () => {
    expect(offsetBytes(guestDisk('bios').biosBoot)).toBe(1024 * 1024)
  })
})

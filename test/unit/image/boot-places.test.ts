import { describe, expect, it } from 'vitest'
import { BY_FSTAB, bootPlaces } from '../../../src/image/boot-places.js'
import { BIOS_BOOT_TYPE, ESP_TYPE } from '../../../src/image/disk-layout.js'
import type { DiskLayout } from '../../../src/model/image.js'

const LINUX = '0fc63daf-8483-4772-8e79-3d69d8477de4'
const LVM = 'e6d6d379-f507-44c2-a23c-238f2a3df928'

function aLayout(types: Readonly<Record<number, string>>): DiskLayout {
  const partitions = Object.entries(types).map(([number, type]) => ({
    number: Number(number),
    type,
    uuid: '',
    firstSector: 0,
    sectors: 1,
  }))
  return { table: 'gpt', partitions, hasEsp: true, hasBiosBoot: false }
}

describe('bootPlaces', () => {
  it('mounts by number what leaves no doubt', () => {
    const layout = aLayout({ 1: LINUX, 14: BIOS_BOOT_TYPE, 15: ESP_TYPE })

    expect(bootPlaces(layout, true).mount.slice(2)).toEqual([
      ['mount-ro', '/dev/sda1', '/root'],
      ['mount-ro', '/dev/sda15', '/esp'],
    ])
    expect(bootPlaces(layout, false).mount.at(-1)).toEqual(['mount', '/dev/sda15', '/esp'])
  })

  it.each([
    ['a /boot of its own', { 1: ESP_TYPE, 2: LINUX, 3: LINUX }],
    ['LVM', { 1: ESP_TYPE, 2: LVM }],
    ['no EFI system partition', { 1: LINUX }],
  ])('asks the fstab for %s', (_, types) => {
    expect(bootPlaces(aLayout(types), true)).toBe(BY_FSTAB)
  })
})

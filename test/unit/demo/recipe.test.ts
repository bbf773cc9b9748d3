import { describe, expect, it } from 'vitest'
import { guestPackages, rootLabel, specialties } from '../../../src/demo/recipe.js'

const DEMO = { suite: 'trixie', boot: 'uefi', variant: 'cloud' } as const

describe('guestPackages', () => {
  it('leaves out cloud-init, and only that, in the guest without it', () => {
    const cloud = guestPackages({ suite: 'trixie', boot: 'uefi', variant: 'cloud' })
    const bare = guestPackages({ suite: 'trixie', boot: 'uefi', variant: 'no-cloud-init' })

    expect(cloud.filter((name) => !bare.includes(name))).toEqual(['cloud-init'])
    expect(bare.filter((name) => !cloud.includes(name))).toEqual([])
  })

  it('takes dracut in the place of initramfs-tools, never both', () => {
    const packages = guestPackages({ ...DEMO, initrd: 'dracut' })

    expect(packages).toContain('dracut')
    expect(packages).not.toContain('initramfs-tools')
    expect(packages).toHaveLength(guestPackages(DEMO).length)
  })

  it.each([
    ['xfs', 'xfsprogs'],
    ['btrfs', 'btrfs-progs'],
  ] as const)('adds the programs that grow a root of %s', (rootFs, name) => {
    expect(guestPackages({ ...DEMO, rootFs })).toEqual([...guestPackages(DEMO), name])
  })

  it('is the same for a recipe that spells the defaults out', () => {
    expect(guestPackages({ ...DEMO, rootFs: 'ext4', initrd: 'initramfs-tools' })).toEqual(guestPackages(DEMO))
  })
})

describe('rootLabel', () => {
  it('fits into the 12 characters of xfs', () => {
    expect(rootLabel('xfs').length).toBeLessThanOrEqual(12)
  })
})

describe('specialties', () => {
  it('has nothing to say of the guest that the demo command makes', () => {
    expect(specialties(DEMO)).toEqual([])
    expect(specialties({ ...DEMO, rootFs: 'ext4', initrd: 'initramfs-tools' })).toEqual([])
  })

  it('names what is different', () => {
    expect(specialties({ ...DEMO, rootFs: 'xfs', initrd: 'dracut' })).toEqual(['xfs', 'dracut'])
  })
})

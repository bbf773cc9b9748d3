import { describe, expect, it } from 'vitest'
import { guestPackages } from '../../../src/demo/recipe.js'

describe('guestPackages', () => {
  it('leaves out cloud-init, and only that, in the guest without it', () => {
    const cloud = guestPackages({ suite: 'trixie', boot: 'uefi', variant: 'cloud' })
    const bare = guestPackages({ suite: 'trixie', boot: 'uefi', variant: 'no-cloud-init' })

    expect(cloud.filter((name) => !bare.includes(name))).toEqual(['cloud-init'])
    expect(bare.filter((name) => !cloud.includes(name))).toEqual([])
  })
})

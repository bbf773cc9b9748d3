import { accessSync, constants, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { guestScripts, scriptPath } from '../../../src/demo/scripts.js'

const DEMO = { suite: 'trixie', boot: 'uefi', variant: 'cloud' } as const

describe('guestScripts', () => {
  it('makes the guest of the demo command with the scripts that every guest has, and no others', () => {
    expect(guestScripts(DEMO)).toEqual({
      essential: ['before-packages.sh'],
      customize: ['after-packages.sh'],
      others: ['grub-probe.sh'],
    })
  })

  it('runs what another guest needs after those, because it changes what they have written', () => {
    const { essential, customize } = guestScripts({ ...DEMO, rootFs: 'btrfs', initrd: 'dracut' })

    expect(essential).toEqual(['before-packages.sh', 'root-fs-before.sh', 'dracut-before.sh'])
    expect(customize).toEqual(['after-packages.sh', 'root-fs-after.sh', 'dracut-after.sh'])
  })

  it('leaves no script of the folder unused, and each can be run', () => {
    const { essential, customize, others } = guestScripts({ ...DEMO, rootFs: 'xfs', initrd: 'dracut' })
    const used = [...essential, ...customize, ...others]

    const there = readdirSync(dirname(scriptPath('grub-probe.sh'))).filter((name) => name.endsWith('.sh'))
    expect([...used].sort()).toEqual(there.sort())
    for (const name of used) accessSync(scriptPath(name), constants.X_OK)
  })
})

import { describe, expect, it } from 'vitest'
import { bootProgramKind } from '../../../src/firmware/pe/boot-program.js'
import { readSignedImage } from '../../../src/firmware/pe/signed-image.js'
import { type FirmwareVariable, GUID } from '../../../src/firmware/variable.js'
import type { BootProgram } from '../../../src/stages/boot-chain-files.js'
import { judgeBootChain } from '../../../src/stages/judge-boot-chain.js'
import { aPe } from '../../fixtures/a-pe.js'
import { aGrub, aKernel, aShim, aSystemdBoot, aUki, withSbat } from '../../fixtures/boot-programs.js'

const NOTHING_TRUSTED = { on: true, db: [], dbx: [] }

/** By whom each program that is looked at is started; none of them is signed. */
async function refusals(programs: Readonly<Record<string, Buffer>>): Promise<readonly string[]> {
  const chain = Object.entries(programs).map(
    ([name, bytes]): BootProgram => ({ name, remote: name, local: name, kind: bootProgramKind(bytes), bytes }),
  )
  const verdicts = await judgeBootChain(chain, [], NOTHING_TRUSTED, new AbortController().signal)
  return verdicts.map(({ name, by, accepted }) => `${name} by ${by}: ${accepted ? 'starts' : 'refused'}`)
}

describe('judgeBootChain', () => {
  it('asks shim about what shim starts, and the firmware about the rest', async () => {
    const chain = {
      '/boot/vmlinuz-1': aKernel(),
      'EFI/debian/shimx64.efi': aShim(Buffer.from('3000', 'hex')),
      'EFI/debian/grubx64.efi': aGrub(),
      'EFI/BOOT/BOOTX64.EFI': aGrub(),
    }

    expect(await refusals(chain)).toEqual([
      '/boot/vmlinuz-1 by shim: refused',
      'EFI/debian/shimx64.efi by firmware: refused',
      'EFI/debian/grubx64.efi by shim: refused',
      'EFI/BOOT/BOOTX64.EFI by firmware: refused',
    ])
  })

  it('asks the firmware about systemd-boot and all that it starts, unless a shim has started it', async () => {
    const chain = {
      'token/6.1/linux': aKernel(),
      'EFI/systemd/systemd-bootx64.efi': aSystemdBoot(),
      'EFI/Linux/uki.efi': aUki(),
    }
    const shim = { 'EFI/systemd/shimx64.efi': aShim(Buffer.from('3000', 'hex')) }

    expect(await refusals(chain)).toEqual([
      'token/6.1/linux by firmware: refused',
      'EFI/systemd/systemd-bootx64.efi by firmware: refused',
      'EFI/Linux/uki.efi by firmware: refused',
    ])
    expect(await refusals({ ...chain, ...shim })).toEqual([
      'token/6.1/linux by shim: refused',
      'EFI/systemd/systemd-bootx64.efi by shim: refused',
      'EFI/Linux/uki.efi by shim: refused',
      'EFI/systemd/shimx64.efi by firmware: refused',
    ])
  })

  it('has shim refuse what SBAT revokes, though db stands for it', async () => {
    const shim = aShim(Buffer.from('3000', 'hex'))
    const programs = {
      'EFI/debian/shimx64.efi': shim,
      'EFI/debian/grubx64.efi': withSbat('sbat,1\ngrub,4\n'),
      'EFI/BOOT/BOOTX64.EFI': withSbat('sbat,1\ngrub,4\n'),
      'EFI/debian/systemd-bootx64.efi': aSystemdBoot(),
      '/boot/vmlinuz-1': aKernel(),
    }
    const db = Object.values(programs).map((bytes) => ({
      kind: 'sha256' as const,
      owner: '00000000-0000-0000-0000-000000000000',
      data: readSignedImage(bytes).digest('sha256'),
    }))
    const level = {
      name: 'SbatLevel',
      guid: GUID.shim,
      attributes: 3,
      data: Buffer.from('sbat,1,2025021800\ngrub,5\n'),
    }
    const chain = Object.entries(programs).map(([name, bytes]): BootProgram => {
      const kind = name.endsWith('grubx64.efi') ? 'grub' : bootProgramKind(bytes)
      return { name, remote: name, local: name, kind, bytes }
    })
    const judge = async (variables: readonly FirmwareVariable[]) =>
      await judgeBootChain(chain, variables, { on: true, db, dbx: [] }, new AbortController().signal)

    expect((await judge([])).every(({ accepted }) => accepted)).toBe(true)
    expect((await judge([level])).filter(({ accepted }) => !accepted)).toEqual([
      {
        name: 'EFI/debian/grubx64.efi',
        by: 'shim',
        accepted: false,
        reason: expect.stringMatching(/^SBAT revokes it: grub has the generation 4/),
      },
      {
        name: 'EFI/debian/systemd-bootx64.efi',
        by: 'shim',
        accepted: false,
        reason: expect.stringMatching(/no section \.sbat/),
      },
    ])
  })

  it('judges a program that it does not know only where the firmware starts it by itself', async () => {
    const chain = {
      'EFI/boot/bootx64.efi': aPe(),
      'EFI/BOOT/mmx64.efi': aPe(),
      'EFI/systemd/systemd-bootx64.efi': aPe(),
    }

    expect(await refusals(chain)).toEqual(['EFI/boot/bootx64.efi by firmware: refused'])
  })
})

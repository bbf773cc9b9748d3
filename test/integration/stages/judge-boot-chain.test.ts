import { describe, expect, it } from 'vitest'
import { bootProgramKind } from '../../../src/firmware/pe/boot-program.js'
import type { BootProgram } from '../../../src/stages/boot-chain-files.js'
import { judgeBootChain } from '../../../src/stages/judge-boot-chain.js'
import { aPe } from '../../fixtures/a-pe.js'
import { aGrub, aKernel, aShim } from '../../fixtures/boot-programs.js'

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

  it('judges a program that it does not know only where the firmware starts it by itself', async () => {
    const chain = {
      'EFI/boot/bootx64.efi': aPe(),
      'EFI/BOOT/mmx64.efi': aPe(),
      'EFI/systemd/systemd-bootx64.efi': aPe(),
    }

    expect(await refusals(chain)).toEqual(['EFI/boot/bootx64.efi by firmware: refused'])
  })
})

import { describe, expect, it } from 'vitest'
import { readAbilities } from '../../../src/launch/qemu-flavour.js'

/** Printed by QEMU 7.2.22 of Debian 12, the list of objects shortened. */
const QEMU_7_2 = {
  version: 'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright (c) 2003-2022 Fabrice Bellard\n',
  objects: 'List of user creatable objects:\n  authz-list\n  sev-guest\n  x-remote-object\n',
  tdxObjection: `qemu-system-x86_64: -object {"qom-type":"tdx-guest","id":"question","quote-generation-socket":1}: Parameter 'qom-type' does not accept value 'tdx-guest'\n`,
}
/** Made by hand after QEMU 10.1, qapi/qom.json and qapi/qobject-input-visitor.c. */
const QEMU_10_1 = {
  version: 'QEMU emulator version 10.1.0\n',
  objects: 'List of user creatable objects:\n  sev-guest\n  sev-snp-guest\n  tdx-guest\n',
  tdxObjection: `qemu-system-x86_64: -object {"qom-type":"tdx-guest","id":"question","quote-generation-socket":1}: Invalid parameter type for 'quote-generation-socket', expected: object\n`,
}
/** Made by hand: a tree of 2023 with quote-generation-service. */
const FORK = {
  version: 'QEMU emulator version 8.0.50 (v8.0.0-2023.06.29-tdx)\n',
  objects: 'List of user creatable objects:\n  memory-backend-memfd-private\n  tdx-guest\n',
  tdxObjection: `qemu-system-x86_64: -object {"qom-type":"tdx-guest","id":"question","quote-generation-socket":1}: Parameter 'quote-generation-socket' is unexpected\n`,
}

describe('readAbilities', () => {
  it('finds neither TDX nor SEV-SNP in QEMU 7.2', () => {
    expect(readAbilities(QEMU_7_2)).toEqual({ version: '7.2.22', tdx: undefined, snp: false })
  })

  it('finds both in QEMU 10.1, TDX in its upstream form', () => {
    expect(readAbilities(QEMU_10_1)).toEqual({ version: '10.1.0', tdx: 'upstream', snp: true })
  })

  it('finds the form of the forks where the quote service has another name', () => {
    expect(readAbilities(FORK)).toEqual({ version: '8.0.50', tdx: 'fork', snp: false })
  })

  it('takes a fork that has the new name already as upstream', () => {
    expect(readAbilities({ ...FORK, tdxObjection: QEMU_10_1.tdxObjection }).tdx).toBe('upstream')
  })

  it('goes by the version when the objection says nothing of it', () => {
    expect(readAbilities({ ...QEMU_10_1, tdxObjection: '' }).tdx).toBe('upstream')
    expect(readAbilities({ ...QEMU_10_1, version: 'QEMU emulator version 9.2.0', tdxObjection: '' }).tdx).toBe('fork')
    expect(readAbilities({ ...QEMU_10_1, version: 'QEMU emulator version 11.0.0', tdxObjection: '' }).tdx).toBe(
      'upstream',
    )
  })

  it('does not take an object for another whose name contains it', () => {
    const objects = 'List of user creatable objects:\n  x-tdx-guest\n  sev-snp-guest-next\n'

    expect(readAbilities({ ...QEMU_10_1, objects })).toMatchObject({ tdx: undefined, snp: false })
  })

  it('says nothing of a version that it cannot read', () => {
    expect(readAbilities({ ...QEMU_7_2, version: 'what?' }).version).toBeUndefined()
  })
})

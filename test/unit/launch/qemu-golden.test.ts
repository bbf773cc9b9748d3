import { describe, expect, it } from 'vitest'
import { qemuArguments } from '../../../src/launch/qemu-arguments.js'
import { argumentLines, expectGolden } from '../../fixtures/launch/golden.js'
import { SAMPLE_NAMES, SOCKETS, sample, TERMINAL } from '../../fixtures/launch/samples.js'

describe('the QEMU arguments', () => {
  it.each(SAMPLE_NAMES)('of %s are the ones in its golden file', (name) => {
    expectGolden(`${name}.args`, argumentLines(qemuArguments(sample(name), TERMINAL, 'upstream')))
  })

  it.each(['tdx-smallest', 'tdx-full', 'tdx-debug-unix'] as const)('of %s are spelled for the forks, too', (name) => {
    expectGolden(`${name}.fork.args`, argumentLines(qemuArguments(sample(name), TERMINAL, 'fork')))
  })

  it.each(['plain-uefi', 'plain-direct-boot'] as const)('of %s connect the ends to sockets', (name) => {
    expectGolden(`${name}.sockets.args`, argumentLines(qemuArguments(sample(name), SOCKETS)))
  })

  it.each(SAMPLE_NAMES)('of %s have no text after the JSON of an object', (name) => {
    for (const flavour of ['upstream', 'fork'] as const) {
      for (const argument of qemuArguments(sample(name), TERMINAL, flavour)) {
        if (argument.startsWith('{')) expect(() => JSON.parse(argument)).not.toThrow()
      }
    }
  })

  it.each(SAMPLE_NAMES.filter((name) => !name.startsWith('plain')))('of %s have no flash chips', (name) => {
    expect(qemuArguments(sample(name), TERMINAL).join(' ')).not.toContain('pflash')
  })
})

describe('a confidential guest whose firmware is not one file', () => {
  it.each(['tdx-smallest', 'snp-smallest'] as const)('is refused (%s)', (name) => {
    const config = { ...sample(name), firmware: { kind: 'bios' } as const }

    expect(() => qemuArguments(config, TERMINAL)).toThrow(expect.objectContaining({ code: 'LAUNCH_INVALID' }))
  })
})

describe('a machine with a TPM', () => {
  it('is not described without the socket of its swtpm', () => {
    expect(() => qemuArguments(sample('plain-uefi'), { kind: 'terminal' })).toThrow('swtpm')
  })
})

import { describe, expect, it } from 'vitest'
import { libvirtXml } from '../../../src/launch/libvirt-xml.js'
import { validateXml } from '../../../src/stages/validate-xml.js'
import { SAMPLE_NAMES, sample } from '../../fixtures/launch/samples.js'

describe("the installed libvirt's schema", () => {
  it.each(SAMPLE_NAMES)('finds nothing wrong with what it knows of %s', async (name) => {
    const verdict = await validateXml(libvirtXml(sample(name)).xml)

    expect(verdict.kind).toMatch(/^(valid|partly)$/)
    if (verdict.kind === 'partly') expect(verdict.unknown).toHaveLength(1)
    if (name.startsWith('plain') && !name.includes('qcow2')) expect(verdict.kind).toBe('valid')
  })
})

describe('validateXml', () => {
  const xml = libvirtXml(sample('plain-bios')).xml

  it('says what is wrong, and where', async () => {
    const verdict = await validateXml(
      xml.replace("<model type='virtio'/>", '').replace('<vcpu>1</vcpu>', '<vcpu>many</vcpu>'),
    )

    expect(verdict.kind).toBe('invalid')
    expect(verdict.kind === 'invalid' && verdict.reasons.join('\n')).toMatch(
      /Extra element vcpu[\s\S]*line \d+: element domain/,
    )
  })

  it('finds a mistake beside something that the schema may be too old for', async () => {
    const verdict = await validateXml(libvirtXml(sample('tdx-full')).xml.replace('<vcpu>4</vcpu>', '<vcpu>many</vcpu>'))

    expect(verdict.kind).toBe('invalid')
  })

  it('objects to what is no XML', async () => {
    expect(await validateXml('<domain>')).toMatchObject({ kind: 'invalid' })
  })
})

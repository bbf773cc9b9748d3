import { describe, expect, it } from 'vitest'
import { libvirtXml } from '../../../src/launch/libvirt-xml.js'
import type { LaunchConfig, LaunchNetwork } from '../../../src/model/launch.js'
import { expectGolden } from '../../fixtures/launch/golden.js'
import { SAMPLE_NAMES, sample } from '../../fixtures/launch/samples.js'

describe('the libvirt XML', () => {
  it.each(SAMPLE_NAMES)('of %s, and what is to be said about it, are in its golden files', (name) => {
    const { xml, notes } = libvirtXml(sample(name))

    expectGolden(`${name}.xml`, xml)
    expectGolden(`${name}.notes`, notes.map((note) => `${note}\n`).join(''))
  })

  it('says that a first DHCP address is left out where libvirt has no place for it', () => {
    const network: LaunchNetwork = { kind: 'user', cidr: '10.7.0.0/16', dhcpStart: '10.7.0.40', forwards: [] }
    const { xml, notes } = libvirtXml({ ...sample('plain-bios'), network })

    expect(xml).toContain("<ip address='10.7.0.0' family='ipv4' prefix='16'/>")
    expect(notes.join()).toContain('10.7.0.40 is left out')
  })

  it('gives a guest with forwarded ports the address that QEMU would give it', () => {
    const forwards = [{ hostPort: 22, guestPort: 22 }]
    const network: LaunchNetwork = { kind: 'user', cidr: '10.7.255.248/20', forwards }

    expect(libvirtXml({ ...sample('plain-bios'), network }).xml).toContain(
      "<ip address='10.8.0.7' family='ipv4' prefix='20'/>",
    )
  })

  it('names disks after the 26th with two letters', () => {
    const disk = { path: '/d', format: 'raw', readOnly: false, throwAway: false } as const
    const { xml } = libvirtXml({ ...sample('plain-bios'), disks: Array.from({ length: 28 }, () => disk) })

    expect(xml).toMatch(/dev='vdz'[\s\S]*dev='vdaa'[\s\S]*dev='vdab'/)
  })

  it('keeps the UUID of the domain that it takes the place of', () => {
    const uuid = '6695eb01-f6a4-8304-79aa-97f2502e193f'

    expect(libvirtXml(sample('plain-bios'), uuid).xml).toContain(`<uuid>${uuid}</uuid>`)
  })

  it.each([
    ['a confidential guest without firmware in one file', { ...sample('tdx-full'), firmware: { kind: 'bios' } }],
    ['a path that XML cannot hold', { ...sample('plain-rom'), firmware: { kind: 'rom', path: '/a\u0001b' } }],
  ] satisfies readonly (readonly [string, LaunchConfig])[])('refuses %s', (_, config) => {
    expect(() => libvirtXml(config)).toThrow(expect.objectContaining({ code: 'LAUNCH_INVALID' }))
  })
})

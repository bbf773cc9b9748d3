import { describe, expect, it } from 'vitest'
import { readDescriptor } from '../../../src/launch/firmware-descriptor.js'

// As shipped by Debian 12, 60-edk2-x86_64.json.
const PLAIN = {
  description: 'UEFI firmware for x86_64, without Secure Boot without SMM, with empty varstore',
  'interface-types': ['uefi'],
  mapping: {
    device: 'flash',
    executable: { filename: '/usr/share/OVMF/OVMF_CODE_4M.fd', format: 'raw' },
    'nvram-template': { filename: '/usr/share/OVMF/OVMF_VARS_4M.fd', format: 'raw' },
  },
  targets: [{ architecture: 'x86_64', machines: ['pc-i440fx-*', 'pc-q35-*'] }],
  features: ['acpi-s3', 'amd-sev', 'verbose-dynamic'],
  tags: [],
}

describe('readDescriptor', () => {
  it('takes plain UEFI in two flash files', () => {
    expect(readDescriptor(JSON.stringify(PLAIN))).toEqual({
      ok: true,
      code: '/usr/share/OVMF/OVMF_CODE_4M.fd',
      vars: '/usr/share/OVMF/OVMF_VARS_4M.fd',
      format: 'raw',
      smm: false,
    })
  })

  // As shipped by Debian 12, 40-edk2-x86_64-secure-enrolled.json.
  it('takes firmware with SMM and enrolled keys for Secure Boot, and only then', () => {
    const secure = { ...PLAIN, features: ['acpi-s3', 'enrolled-keys', 'requires-smm', 'secure-boot'] }

    expect(readDescriptor(JSON.stringify(secure), 'secure-boot')).toMatchObject({ ok: true, smm: true })
    expect(readDescriptor(JSON.stringify(PLAIN), 'secure-boot').ok).toBe(false)
    expect(
      readDescriptor(JSON.stringify({ ...PLAIN, features: ['enrolled-keys', 'secure-boot'] }), 'secure-boot'),
    ).toEqual({ ok: false, why: expect.stringContaining('no SMM') })
  })

  // As shipped by Debian 12, 50-edk2-x86_64-secure.json.
  it('takes the same without keys for those who bring their own', () => {
    const empty = { ...PLAIN, features: ['acpi-s3', 'requires-smm', 'secure-boot'] }
    const enrolled = { ...empty, features: [...empty.features, 'enrolled-keys'] }

    expect(readDescriptor(JSON.stringify(empty), 'own-keys')).toMatchObject({ ok: true, smm: true })
    expect(readDescriptor(JSON.stringify(empty), 'secure-boot').ok).toBe(false)
    expect(readDescriptor(JSON.stringify(enrolled), 'own-keys')).toEqual({
      ok: false,
      why: expect.stringContaining('keys enrolled'),
    })
  })

  it.each([
    ['what is no JSON', '{', 'not a JSON object'],
    ['a list', '[]', 'not UEFI'],
    ['a BIOS', { ...PLAIN, 'interface-types': ['bios'] }, 'not UEFI'],
    ['another processor', { ...PLAIN, targets: [{ architecture: 'aarch64', machines: ['virt-*'] }] }, 'x86_64'],
    ['another machine', { ...PLAIN, targets: [{ architecture: 'x86_64', machines: ['pc-i440fx-*'] }] }, 'q35'],
    ['firmware that needs SMM', { ...PLAIN, features: ['requires-smm'] }, 'SMM'],
    ['enrolled keys', { ...PLAIN, features: ['enrolled-keys'] }, 'enrolled'],
    ['memory firmware', { ...PLAIN, mapping: { device: 'memory', filename: '/x' } }, 'flash'],
    ['a combined file', { ...PLAIN, mapping: { ...PLAIN.mapping, mode: 'combined' } }, 'split'],
    ['a missing template', { ...PLAIN, mapping: { ...PLAIN.mapping, 'nvram-template': undefined } }, 'both'],
    [
      'a relative path',
      { ...PLAIN, mapping: { ...PLAIN.mapping, executable: { filename: 'x.fd', format: 'raw' } } },
      'both',
    ],
    [
      'two formats',
      { ...PLAIN, mapping: { ...PLAIN.mapping, executable: { filename: '/x.fd', format: 'qcow2' } } },
      'different formats',
    ],
  ])('passes over %s and says why', (_title, descriptor, why) => {
    const reading = readDescriptor(typeof descriptor === 'string' ? descriptor : JSON.stringify(descriptor))

    expect(reading).toEqual({ ok: false, why: expect.stringContaining(why) })
  })
})

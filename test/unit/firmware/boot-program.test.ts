import { describe, expect, it } from 'vitest'
import { bootProgramKind, vendorCertificates } from '../../../src/firmware/pe/boot-program.js'
import { aPe } from '../../fixtures/a-pe.js'
import { aGrub, aKernel, aShim, aSystemdBoot, aSystemdStub, aUki } from '../../fixtures/boot-programs.js'

const CERTIFICATE = Buffer.from('30030101ff', 'hex')

describe('bootProgramKind', () => {
  it.each([
    ['grub', aGrub()],
    ['systemd-boot', aSystemdBoot()],
    ['uki', aUki()],
    ['kernel', aKernel()],
    ['shim', aShim(CERTIFICATE)],
    ['other', aPe()],
    ['other', aSystemdStub()],
  ])('knows a %s by what it holds', (kind, bytes) => {
    expect(bootProgramKind(bytes)).toBe(kind)
  })

  it('throws for what is no program', () => {
    expect(() => bootProgramKind(Buffer.from('#!/bin/sh\n'))).toThrow(RangeError)
  })
})

describe('vendorCertificates', () => {
  it('are those in the section of a shim', () => {
    expect(vendorCertificates(aShim(CERTIFICATE))).toEqual([CERTIFICATE])
  })

  it('are none where there is no such section, or it is cut short', () => {
    const cut = aShim(CERTIFICATE)
    cut.writeUInt32LE(0xffff, 0x400)

    expect(vendorCertificates(aGrub())).toEqual([])
    expect(vendorCertificates(cut)).toEqual([])
  })
})

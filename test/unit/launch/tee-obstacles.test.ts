import { describe, expect, it } from 'vitest'
import type { TeeFacts } from '../../../src/host/tee-facts.js'
import { type TeeHost, teeObstacles } from '../../../src/launch/tee-obstacles.js'

const INTEL: TeeFacts = {
  cpuFlags: new Set(['vmx', 'tdx_host_platform']),
  cpuVendor: 'intel',
  kvm: 'usable',
  sev: 'missing',
  kvmIntelTdx: 'Y',
  kvmAmdSevSnp: undefined,
}
const AMD: TeeFacts = {
  cpuFlags: new Set(['svm', 'sev', 'sev_es', 'sev_snp']),
  cpuVendor: 'amd',
  kvm: 'usable',
  sev: 'usable',
  kvmIntelTdx: undefined,
  kvmAmdSevSnp: 'Y',
}

function aHost(facts: TeeFacts, changes: Partial<TeeHost> = {}): TeeHost {
  return {
    facts,
    qemu: { version: '10.1.0', tdx: 'upstream', snp: true },
    firmware: { path: '/usr/share/ovmf/OVMF.fd', readable: true },
    ...changes,
  }
}

describe('what keeps a host from starting confidential guests', () => {
  it('is nothing on hosts that have it all', () => {
    expect(teeObstacles('tdx', aHost(INTEL))).toEqual([])
    expect(teeObstacles('snp', aHost(AMD))).toEqual([])
  })

  it('is told all at once on a host that has nothing of it', () => {
    const bare: TeeFacts = {
      cpuFlags: new Set(),
      cpuVendor: 'other',
      kvm: 'missing',
      sev: 'missing',
      kvmIntelTdx: undefined,
      kvmAmdSevSnp: undefined,
    }
    const host = aHost(bare, { qemu: undefined, firmware: { path: undefined, readable: false } })

    expect(teeObstacles('tdx', host)).toEqual([
      'CPU: it is not one of Intel',
      'kernel: there is no /sys/module/kvm_intel/parameters/tdx; kvm_intel is not loaded, or too old',
      'QEMU: qemu-system-x86_64 is not installed',
      '/dev/kvm is not there; confidential guests are never emulated',
      'firmware: no OVMF in one file for TDX is installed; name one with -o',
    ])
    expect(teeObstacles('snp', host)).toEqual([
      'CPU: it is not one of AMD',
      'kernel: there is no /sys/module/kvm_amd/parameters/sev_snp; kvm_amd is not loaded, or too old',
      "/dev/sev is not there; the AMD secure processor's driver (ccp) makes it",
      'QEMU: qemu-system-x86_64 is not installed',
      '/dev/kvm is not there; confidential guests are never emulated',
      'firmware: no OVMF in one file for SEV-SNP is installed; name one with -o',
    ])
  })

  it.each([
    ['tdx', aHost({ ...INTEL, cpuFlags: new Set(['vmx']) }), /no flag tdx_host_platform/],
    ['tdx', aHost({ ...INTEL, kvmIntelTdx: 'N' }), /kvm_intel\/parameters\/tdx is N/],
    [
      'tdx',
      aHost(INTEL, { qemu: { version: '7.2.22', tdx: undefined, snp: false } }),
      /QEMU 7\.2\.22 has no object tdx-/,
    ],
    ['tdx', aHost({ ...INTEL, kvm: 'closed' }), /\/dev\/kvm may not be opened/],
    ['tdx', aHost(INTEL, { firmware: { path: '/x.fd', readable: false } }), /\/x\.fd is not there or not readable/],
    ['snp', aHost({ ...AMD, cpuFlags: new Set(['sev']) }), /no flag sev_snp/],
    ['snp', aHost({ ...AMD, kvmAmdSevSnp: '0' }), /kvm_amd\/parameters\/sev_snp is 0/],
    ['snp', aHost({ ...AMD, sev: 'closed' }), /\/dev\/sev may not be opened/],
    ['snp', aHost(AMD, { qemu: { version: '8.2.0', tdx: undefined, snp: false } }), /has no object sev-snp-guest/],
  ] as const)('is one thing where one is missing: %s, case %#', (tee, host, words) => {
    expect(teeObstacles(tee, host)).toEqual([expect.stringMatching(words)])
  })
})

import type { TeeFacts } from '../host/tee-facts.js'
import type { Tee } from '../model/launch.js'
import type { QemuAbilities } from './qemu-flavour.js'

/** What is known of the machine before a confidential guest is started on it. */
export interface TeeHost {
  readonly facts: TeeFacts
  /** Undefined: QEMU is not installed. */
  readonly qemu: QemuAbilities | undefined
  readonly firmware: TeeFirmware
}

/** A firmware that could be loaded into such a guest. */
export interface TeeFirmware {
  /** The one that was named, or the first installed one; undefined: none of either. */
  readonly path: string | undefined
  readonly readable: boolean
}

/**
 * All that keeps this machine from starting such a guest, in words, what lies deepest first; empty when nothing is known to.
 *
 * Sources: Linux, Documentation/arch/x86/tdx.rst and Documentation/virt/kvm/x86/amd-memory-encryption.rst; the modules'
 * parameters are kvm_intel.tdx (Linux 6.16) and kvm_amd.sev_snp (Linux 6.11).
 */
export function teeObstacles(tee: Exclude<Tee, 'none'>, host: TeeHost): readonly string[] {
  const own = tee === 'tdx' ? tdxObstacles(host) : snpObstacles(host)
  return [...own, ...kvmObstacles(host.facts), ...firmwareObstacles(tee, host)]
}

function tdxObstacles({ facts, qemu }: TeeHost): readonly string[] {
  return [
    ...(facts.cpuVendor === 'intel' ? [] : ['CPU: it is not one of Intel']),
    ...(facts.cpuVendor !== 'intel' || facts.cpuFlags.has('tdx_host_platform')
      ? []
      : ['CPU: /proc/cpuinfo has no flag tdx_host_platform; TDX is off in the BIOS setup, or the CPU has none']),
    ...parameterObstacle('kvm_intel', 'tdx', facts.kvmIntelTdx),
    ...(qemu === undefined ? [NO_QEMU] : qemu.tdx === undefined ? [`${qemuName(qemu)} has no object tdx-guest`] : []),
  ]
}

function snpObstacles({ facts, qemu }: TeeHost): readonly string[] {
  return [
    ...(facts.cpuVendor === 'amd' ? [] : ['CPU: it is not one of AMD']),
    ...(facts.cpuVendor !== 'amd' || facts.cpuFlags.has('sev_snp')
      ? []
      : ['CPU: /proc/cpuinfo has no flag sev_snp; SEV-SNP is off in the BIOS setup, or the CPU has none']),
    ...parameterObstacle('kvm_amd', 'sev_snp', facts.kvmAmdSevSnp),
    ...deviceObstacle('/dev/sev', facts.sev, "the AMD secure processor's driver (ccp) makes it"),
    ...(qemu === undefined ? [NO_QEMU] : qemu.snp ? [] : [`${qemuName(qemu)} has no object sev-snp-guest`]),
  ]
}

function kvmObstacles(facts: TeeFacts): readonly string[] {
  return deviceObstacle('/dev/kvm', facts.kvm, 'confidential guests are never emulated')
}

function firmwareObstacles(tee: Tee, { firmware }: TeeHost): readonly string[] {
  if (firmware.readable) return []
  if (firmware.path !== undefined) return [`firmware: ${firmware.path} is not there or not readable`]
  return [`firmware: no OVMF in one file for ${tee === 'tdx' ? 'TDX' : 'SEV-SNP'} is installed; name one with -o`]
}

function parameterObstacle(module: string, name: string, value: string | undefined): readonly string[] {
  if (value === 'Y' || value === '1') return []
  const path = `/sys/module/${module}/parameters/${name}`
  if (value === undefined) return [`kernel: there is no ${path}; ${module} is not loaded, or too old`]
  return [`kernel: ${path} is ${value.slice(0, 20)}`]
}

function deviceObstacle(path: string, state: 'usable' | 'closed' | 'missing', why: string): readonly string[] {
  if (state === 'usable') return []
  return state === 'missing' ? [`${path} is not there; ${why}`] : [`${path} may not be opened by this user`]
}

function qemuName({ version }: QemuAbilities): string {
  return version === undefined ? 'QEMU' : `QEMU ${version}`
}

const NO_QEMU = 'QEMU: qemu-system-x86_64 is not installed'

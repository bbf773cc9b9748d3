import { SLOW_WHEN_EMULATED } from '../model/emulated-cpu.js'
import type { LaunchConfig } from '../model/launch.js'
import { libvirtBoot } from './libvirt-boot.js'
import { libvirtDevices } from './libvirt-devices.js'
import type { LibvirtPart } from './libvirt-part.js'
import { launchSecurity } from './libvirt-security.js'
import { element, type XmlElement, xmlText } from './xml-text.js'

export interface LibvirtDomain {
  readonly xml: string
  /** What libvirt cannot express, and what it needs for the rest; for people. */
  readonly notes: readonly string[]
}

/** In the metadata of domains that we made, and of no others. */
export const DOMAIN_MARK = 'urn:cvm-image-rewriter:launch:1'

/**
 * The machine as a libvirt domain.
 *
 * @param uuid of the domain that it takes the place of; libvirt chooses one when it is left out
 * @throws {CvmError} LAUNCH_INVALID for text that XML cannot hold, or a confidential guest whose firmware is not one file.
 */
export function libvirtXml(config: LaunchConfig, uuid?: string): LibvirtDomain {
  const { tee, vcpus, memoryMiB } = config
  const parts: readonly LibvirtPart[] = [
    plain(element('metadata', {}, [element('cvm:launch', { 'xmlns:cvm': DOMAIN_MARK })])),
    plain(element('memory', { unit: 'MiB' }, String(memoryMiB))),
    { elements: memoryBacking(config), notes: [] },
    plain(element('vcpu', {}, String(vcpus))),
    libvirtBoot(config),
    plain(features(config)),
    processor(config),
    plain(
      element(
        'clock',
        { offset: 'utc' },
        tee.kind === 'tdx' ? [element('timer', { name: 'hpet', present: 'no' })] : [],
      ),
    ),
    { elements: powerManagement(config), notes: [] },
    libvirtDevices(config),
    launchSecurity(tee),
  ]
  const domain = element('domain', { type: tee.kind === 'none' && config.accel === 'tcg' ? 'qemu' : 'kvm' }, [
    element('name', {}, config.name),
    ...(uuid === undefined ? [] : [element('uuid', {}, uuid)]),
    ...parts.flatMap((part) => part.elements),
  ])
  return { xml: xmlText(domain), notes: parts.flatMap((part) => part.notes) }
}

function plain(one: XmlElement): LibvirtPart {
  return { elements: [one], notes: [] }
}

/** An SEV-SNP guest shares what of its memory is not private, which needs memory behind a file. */
function memoryBacking({ hugepages, tee }: LaunchConfig): readonly XmlElement[] {
  const content = [
    ...(hugepages ? [element('hugepages')] : []),
    ...(tee.kind === 'snp' ? [element('source', { type: 'memfd' }), element('access', { mode: 'shared' })] : []),
  ]
  return content.length === 0 ? [] : [element('memoryBacking', {}, content)]
}

/** For a TD the interrupt controller is QEMU's (kernel-irqchip=split); a Secure Boot firmware needs SMM. */
function features({ firmware, tee }: LaunchConfig): XmlElement {
  return element('features', {}, [
    element('acpi'),
    element('apic'),
    ...(firmware.kind === 'uefi' && firmware.smm ? [element('smm', { state: 'on' })] : []),
    ...(tee.kind === 'tdx' ? [element('ioapic', { driver: 'qemu' })] : []),
    ...(tee.kind === 'snp' ? [element('vmport', { state: 'off' })] : []),
  ])
}

/** As in src/launch/qemu-firmware.ts: a firmware in SMM is not asked to suspend to memory. */
function powerManagement({ firmware }: LaunchConfig): readonly XmlElement[] {
  if (firmware.kind !== 'uefi' || !firmware.smm) return []
  return [element('pm', {}, [element('suspend-to-mem', { enabled: 'no' })])]
}

function processor({ accel, tee }: LaunchConfig): LibvirtPart {
  if (tee.kind === 'snp') {
    const model = element('model', { fallback: 'forbid' }, tee.cpu)
    return {
      elements: [element('cpu', { mode: 'custom', match: 'exact', check: 'none' }, [model])],
      notes: [`the CPU model ${tee.cpu} must be one that this libvirt knows by that name (virsh cpu-models x86_64)`],
    }
  }
  if (tee.kind === 'tdx' || accel === 'kvm') {
    return plain(element('cpu', { mode: 'host-passthrough', check: 'none' }))
  }
  const without = SLOW_WHEN_EMULATED.map((name) => element('feature', { policy: 'disable', name }))
  return plain(element('cpu', { mode: 'maximum', check: 'none' }, without))
}

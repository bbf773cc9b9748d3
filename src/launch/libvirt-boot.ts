import type { LaunchConfig, LaunchFirmware } from '../model/launch.js'
import type { LibvirtPart } from './libvirt-part.js'
import { assertFirmwareFits } from './qemu-firmware.js'
import { element, type XmlElement } from './xml-text.js'

/**
 * `<os>`: the machine, its firmware, its boot menu, and a kernel for direct boot. The variables of UEFI are a template, of which libvirt makes the
 * domain's own copy when the domain first starts.
 *
 * @throws {CvmError} LAUNCH_INVALID when a confidential guest has not got its firmware in one file.
 */
export function libvirtBoot(config: LaunchConfig): LibvirtPart {
  assertFirmwareFits(config)
  const { firmware, directBoot, bootMenuWaitSeconds } = config
  const kernel =
    directBoot === undefined
      ? []
      : [
          element('kernel', {}, directBoot.kernel),
          ...(directBoot.initrd === undefined ? [] : [element('initrd', {}, directBoot.initrd)]),
          ...(directBoot.cmdline === '' ? [] : [element('cmdline', {}, directBoot.cmdline)]),
        ]
  // In milliseconds.
  const menu =
    bootMenuWaitSeconds === undefined
      ? []
      : [element('bootmenu', { enable: 'yes', timeout: String(bootMenuWaitSeconds * 1000) })]
  const type = element('type', { arch: 'x86_64', machine: 'q35' }, 'hvm')
  return {
    elements: [element('os', {}, [type, ...firmwareElements(firmware), ...kernel, ...menu])],
    notes:
      firmware.kind === 'uefi' && firmware.format === 'qcow2' ? ['firmware in qcow2 needs libvirt 9.2 or later'] : [],
  }
}

function firmwareElements(firmware: LaunchFirmware): readonly XmlElement[] {
  // SeaBIOS then speaks on the serial port.
  if (firmware.kind === 'bios') return [element('bios', { useserial: 'yes' })]
  if (firmware.kind === 'rom') return [element('loader', { type: 'rom', stateless: 'yes' }, firmware.path)]
  const format = firmware.format === 'raw' ? undefined : firmware.format
  const loader = { readonly: 'yes', secure: firmware.smm ? 'yes' : undefined, type: 'pflash', format }
  return [element('loader', loader, firmware.code), element('nvram', { template: firmware.vars, format })]
}

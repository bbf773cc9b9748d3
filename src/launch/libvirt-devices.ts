import type { LaunchConfig, LaunchDisk } from '../model/launch.js'
import { libvirtNetwork } from './libvirt-network.js'
import type { LibvirtPart } from './libvirt-part.js'
import { element, type XmlElement } from './xml-text.js'

/** `<devices>`: the same ones as in src/launch/qemu-arguments.ts, and none that libvirt would add by itself. */
export function libvirtDevices({ disks, network, vsockCid, tpm }: LaunchConfig): LibvirtPart {
  const card = libvirtNetwork(network)
  const devices = [
    ...disks.map(diskElement),
    ...card.elements,
    element('serial', { type: 'pty' }, [element('target', { type: 'isa-serial', port: 0 })]),
    element('console', { type: 'pty' }, [element('target', { type: 'serial', port: 0 })]),
    ...(vsockCid === undefined
      ? []
      : [element('vsock', { model: 'virtio' }, [element('cid', { auto: 'no', address: vsockCid })])]),
    ...(tpm ? [TPM] : []),
    element('rng', { model: 'virtio' }, [element('backend', { model: 'builtin' })]),
    element('controller', { type: 'usb', model: 'none' }),
    element('memballoon', { model: 'none' }),
  ]
  return { elements: [element('devices', {}, devices)], notes: card.notes }
}

/** Only the first disk, the image, is one to boot from. */
function diskElement({ path, format, readOnly, throwAway }: LaunchDisk, index: number): XmlElement {
  const driver = { name: 'qemu', type: format, cache: throwAway ? 'unsafe' : undefined, discard: 'unmap' }
  return element('disk', { type: 'file', device: 'disk' }, [
    element('driver', driver),
    element('source', { file: path }),
    element('target', { dev: `vd${letters(index)}`, bus: 'virtio' }),
    ...(readOnly ? [element('readonly')] : []),
    ...(index === 0 ? [element('boot', { order: 1 })] : []),
  ])
}

/** a, b, …, z, aa, ab, … */
function letters(index: number): string {
  const last = String.fromCharCode('a'.charCodeAt(0) + (index % 26))
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last
}

const TPM = element('tpm', { model: 'tpm-crb' }, [
  element('backend', { type: 'emulator', version: '2.0' }, [
    element('active_pcr_banks', {}, [element('sha256'), element('sha384')]),
  ]),
])

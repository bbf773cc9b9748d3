import type { LaunchNetwork } from '../model/launch.js'
import type { LibvirtPart } from './libvirt-part.js'
import { element, type XmlElement } from './xml-text.js'

/**
 * The one network card, or none.
 *
 * libvirt's user network is QEMU's own (SLIRP), which libvirt forwards no ports of; with forwarded ports it is passt's, which gives the
 * guest one address. Source: libvirt, docs/formatdomain.rst, "Userspace connection using passt".
 */
export function libvirtNetwork(network: LaunchNetwork): LibvirtPart {
  if (network.kind === 'none') return { elements: [], notes: [] }
  if (network.kind === 'bridge') {
    return { elements: [card('bridge', network.mac, [element('source', { bridge: network.bridge })])], notes: [] }
  }
  return network.forwards.length > 0 ? passt(network) : slirp(network)
}

type UserNetwork = Extract<LaunchNetwork, { kind: 'user' }>

function slirp({ cidr, dhcpStart, mac }: UserNetwork): LibvirtPart {
  const net = cidr === undefined ? undefined : splitCidr(cidr)
  const ip = net === undefined ? [] : [ipElement(net.address, net.prefix)]
  const start = `libvirt's user network has no first DHCP address: ${dhcpStart} is left out, and the guest gets the 15th of the network`
  return { elements: [card('user', mac, ip)], notes: dhcpStart === undefined ? [] : [start] }
}

function passt({ cidr, dhcpStart, mac, forwards }: UserNetwork): LibvirtPart {
  const net = cidr === undefined ? undefined : splitCidr(cidr)
  const address = dhcpStart ?? (net === undefined ? undefined : addressOf(net.address, QEMUS_FIRST_ADDRESS))
  const ports = forwards.map(({ hostPort, guestPort }) =>
    element('portForward', { proto: 'tcp', address: '127.0.0.1' }, [
      element('range', hostPort === guestPort ? { start: hostPort } : { start: hostPort, to: guestPort }),
    ]),
  )
  return {
    elements: [
      card('user', mac, [
        element('backend', { type: 'passt' }),
        ...(address === undefined ? [] : [ipElement(address, net?.prefix ?? DEFAULT_PREFIX)]),
        ...ports,
      ]),
    ],
    notes: [
      'forwarded ports need passt on the host and a libvirt that works with it; that of Debian 12 does not',
      ...(address === undefined
        ? ['passt gives the guest the address of the host']
        : [
            `passt gives the guest the address ${address}; the rest of its network is the host's, not QEMU's (10.0.2.2 and so on)`,
          ]),
    ],
  }
}

function card(type: string, mac: string | undefined, content: readonly XmlElement[]): XmlElement {
  return element('interface', { type }, [
    ...(mac === undefined ? [] : [element('mac', { address: mac })]),
    ...content,
    element('model', { type: 'virtio' }),
    // Without its option ROM the card is no boot device for a BIOS.
    element('rom', { enabled: 'no' }),
  ])
}

function ipElement(address: string, prefix: number): XmlElement {
  return element('ip', { address, family: 'ipv4', prefix })
}

function splitCidr(cidr: string): { readonly address: string; readonly prefix: number } {
  const [address = '', prefix] = cidr.split('/')
  return { address, prefix: Number(prefix ?? DEFAULT_PREFIX) }
}

/** The n-th address after an IPv4 address. */
function addressOf(network: string, n: number): string {
  const value = network.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) + n
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

/** Where QEMU's DHCP begins when nobody says otherwise. Source: QEMU, qemu-options.hx, -netdev user, dhcpstart. */
const QEMUS_FIRST_ADDRESS = 15
const DEFAULT_PREFIX = 24

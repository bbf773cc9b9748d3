import type { LaunchNetwork } from '../model/launch.js'
import { optionValue } from './qemu-option.js'

/** The one network card, or none; QEMU alone would give the guest one. */
export function networkArguments(network: LaunchNetwork): readonly string[] {
  if (network.kind === 'none') return ['-nic', 'none']
  const mac = network.mac === undefined ? '' : `,mac=${network.mac}`
  // Without its option ROM the card is no boot device for a BIOS.
  return ['-netdev', backend(network), '-device', `virtio-net-pci,netdev=${ID},romfile=${mac}`]
}

function backend(network: Exclude<LaunchNetwork, { kind: 'none' }>): string {
  if (network.kind === 'bridge') return `bridge,id=${ID},br=${optionValue(network.bridge)}`
  const { cidr, dhcpStart, forwards } = network
  return [
    `user,id=${ID},restrict=off`,
    ...(cidr === undefined ? [] : [`net=${cidr}`]),
    ...(dhcpStart === undefined ? [] : [`dhcpstart=${dhcpStart}`]),
    // Without an address of the guest they lead to the first one that DHCP gives.
    ...forwards.map(({ hostPort, guestPort }) => `hostfwd=tcp:127.0.0.1:${hostPort}-:${guestPort}`),
  ].join(',')
}

const ID = 'net0'

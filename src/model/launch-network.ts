import type { Reading } from './reading.js'

/** An IPv4 network; addresses as unsigned 32-bit numbers. */
export interface Ipv4Network {
  readonly address: number
  readonly prefix: number
}

/** The network of QEMU's user mode when none is named. Source: QEMU, net/slirp.c. */
export const DEFAULT_USER_NETWORK = '10.0.2.0/24'

/** An IPv4 network as address and prefix, such as 10.0.2.0/24, large enough for QEMU's own addresses and its DHCP. */
export function readCidr(text: string): Reading<string> {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(text)
  const address = ipv4Number(match?.[1] ?? '')
  const prefix = Number(match?.[2])
  if (address === undefined) return { wrong: `is no IPv4 network, such as ${DEFAULT_USER_NETWORK}` }
  // QEMU gives .2, .3 and sixteen addresses from .15 on, cut to what the prefix leaves free.
  if (prefix < MIN_PREFIX || prefix > MAX_PREFIX)
    return { wrong: `has the prefix /${prefix}; it can be /${MIN_PREFIX} to /${MAX_PREFIX}` }
  const network = { address: maskedTo(address, prefix), prefix }
  if (network.address !== address) return { wrong: `is an address in a network; the network is ${cidrText(network)}` }
  const first = address >>> 24
  if (first === 0 || first === 127 || first >= 224)
    return { wrong: 'is no network for guests: they begin with 1 to 126, or 128 to 223' }
  return { value: cidrText(network) }
}

/** An IPv4 address. */
export function readIpv4(text: string): Reading<string> {
  const number = ipv4Number(text)
  return number === undefined ? { wrong: 'is no IPv4 address, such as 10.0.2.15' } : { value: ipv4Text(number) }
}

/** What is wrong with a first DHCP address in a network, as a sentence without a subject; both were read before. */
export function dhcpMistake(dhcpStart: string, cidr: string): string | undefined {
  const start = ipv4Number(dhcpStart)
  const network = networkOf(cidr)
  if (start === undefined || network === undefined) return 'is no IPv4 address'
  const { address, prefix } = network
  if (maskedTo(start, prefix) !== address) return `${dhcpStart} is not in the network ${cidr}`
  const host = (start - address) >>> 0
  if (host === 0) return `${dhcpStart} is the address of the network itself`
  if (host === hostMask(prefix)) return `${dhcpStart} is the broadcast address of ${cidr}`
  const taken = OWN_HOSTS.find((own) => (own.host & hostMask(prefix)) === host)
  return taken && `${dhcpStart} is the ${taken.what} of ${cidr}`
}

function networkOf(cidr: string): Ipv4Network | undefined {
  const [text = '', prefix = ''] = cidr.split('/')
  const address = ipv4Number(text)
  return address === undefined ? undefined : { address, prefix: Number(prefix) }
}

function ipv4Number(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined
  }
  return parts.reduce((number, part) => number * 256 + Number(part), 0)
}

function ipv4Text(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}

function cidrText({ address, prefix }: Ipv4Network): string {
  return `${ipv4Text(address)}/${prefix}`
}

function maskedTo(address: number, prefix: number): number {
  return (address & ~hostMask(prefix)) >>> 0
}

function hostMask(prefix: number): number {
  return 2 ** (32 - prefix) - 1
}

/** Addresses of QEMU itself, in the part that the prefix leaves. Source: QEMU, net/slirp.c (0x0202 and 0x0203). */
const OWN_HOSTS = [
  { host: 0x0202, what: 'gateway' },
  { host: 0x0203, what: 'name server' },
] as const

const MIN_PREFIX = 8
/** A longer one would make the default first address, .15, the broadcast address. */
const MAX_PREFIX = 27

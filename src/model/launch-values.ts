import type { DiskWish, LaunchKey, LaunchWishes, PortForward, QuoteService } from './launch.js'
import { readCidr, readIpv4 } from './launch-network.js'
import type { Reading } from './reading.js'
import { policyProblems, policyText } from './snp-policy.js'

/** A disk whose format may have to be seen from its first bytes. */
export type DiskWord = Omit<DiskWish, 'format'> & Partial<Pick<DiskWish, 'format'>>

/** Wishes as they are written: paths from where they are written, an identity as the words that make it. */
export type LaunchWords = Omit<LaunchWishes, 'disks'> & { readonly disks?: readonly DiskWord[] }

/** One value of a key, of a list one item. */
type ValueOf<Key extends LaunchKey> =
  NonNullable<LaunchWords[Key]> extends readonly (infer Item)[] ? Item : NonNullable<LaunchWords[Key]>

/** How the text of each key is read: the same for files, plugins and flags. */
export const LAUNCH_READERS: { readonly [Key in LaunchKey]: (text: string) => Reading<ValueOf<Key>> } = {
  tee: oneOf('none', 'tdx', 'snp'),
  vcpus: (text) => wholeNumber(text, { min: 1, max: 1024 }),
  memoryMiB: readMemoryMiB,
  hugepages: readBoolean,
  network: oneOf('user', 'bridge', 'none'),
  cidr: readCidr,
  dhcpStart: readIpv4,
  // A name of a network interface in Linux has 15 bytes (IFNAMSIZ).
  bridge: matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/, 'is no name of a bridge, such as br0'),
  mac: readMac,
  forwards: readForward,
  firmware: oneOf('bios', 'uefi', 'rom'),
  firmwareCode: readPath,
  firmwareVars: readPath,
  firmwareImage: readPath,
  secureBoot: readBoolean,
  tpm: readBoolean,
  bootMenuWaitSeconds: (text) => wholeNumber(text, { min: 0, max: LONGEST_BOOT_MENU_WAIT_SECONDS }),
  kernel: readPath,
  initrd: readPath,
  // 2048 with its end. Source: Linux, arch/x86/include/asm/setup.h, COMMAND_LINE_SIZE.
  cmdline: matching(/^[^\p{Cc}]{0,2047}$/u, 'is no kernel command line: one line of up to 2047 characters'),
  disks: readDisk,
  vsockCid: readVsockCid,
  quoteService: readQuoteService,
  debug: readBoolean,
  mrowner: readWord,
  mrconfigid: readWord,
  mrownerconfig: readWord,
  hostData: readWord,
  idBlock: readWord,
  idAuth: readWord,
  policy: readPolicy,
  kernelHashes: readBoolean,
  snpCpu: matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'is no CPU model of QEMU, such as EPYC-v4'),
}

/** QEMU hands it over as milliseconds in 16 bits. Source: QEMU, hw/nvram/fw_cfg.c, splash-time. */
export const LONGEST_BOOT_MENU_WAIT_SECONDS = 65

/** A memory size with its unit, `2048M`, `2G`, `2GiB`, in MiB. */
export function readMemoryMiB(text: string): Reading<number> {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(M|G|T)(?:i?B)?$/i.exec(text)
  const unit = MIB_PER_UNIT[match?.[2]?.toUpperCase() ?? '']
  if (match === null || unit === undefined) return { wrong: 'is no size with its unit, such as 2G or 2048M' }
  const mib = Number(match[1]) * unit
  if (Number.isInteger(mib) && mib >= MIN_MIB && mib <= MAX_MIB) return { value: mib }
  return { wrong: 'must be a whole number of MiB, from 64M to 16T' }
}

/** The address of a network card, in lower case. */
export function readMac(text: string): Reading<string> {
  const mac = text.toLowerCase()
  if (!/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(mac)) return { wrong: 'is no MAC address, such as 52:54:00:12:34:56' }
  if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1)
    return { wrong: 'is the address of a group of cards (multicast): the first byte has to be even, such as 52' }
  return mac === '00:00:00:00:00:00' ? { wrong: 'is all zero, which is no address' } : { value: mac }
}

/** `HOST:GUEST`, or the guest's port alone: then the host's port is a free one. */
export function readForward(text: string): Reading<PortForward> {
  const [, host = '0', guest = ''] = /^(?:(\d{1,5}):)?(\d{1,5})$/.exec(text) ?? []
  const ports = { hostPort: Number(host), guestPort: Number(guest) }
  if (guest === '') return { wrong: 'is no forwarded port: HOST:GUEST, such as 2222:22, or GUEST alone' }
  if (ports.hostPort > MAX_PORT || ports.guestPort > MAX_PORT || ports.guestPort === 0)
    return { wrong: `has a port that does not exist: they are 1 to ${MAX_PORT}` }
  return { value: ports }
}

/** `PATH`, with `,format=qcow2` or `,format=raw` and `,read-only` behind it. A comma of the path is written twice. */
export function readDisk(text: string): Reading<DiskWord> {
  const [path = '', ...words] = text.replaceAll(',,', '\0').split(',')
  const unknown = words.find((word) => !DISK_WORDS.has(word))
  if (unknown !== undefined)
    return { wrong: `has ${JSON.stringify(unknown)} behind the path; there are ${[...DISK_WORDS].join(', ')}` }
  const reading = readPath(path.replaceAll('\0', ','))
  if ('wrong' in reading) return reading
  const formats = words.flatMap((word) => FORMAT_OF_WORD[word] ?? [])
  const [format, other] = formats
  if (other !== undefined) return { wrong: 'has two formats' }
  return {
    value: { path: reading.value, readOnly: words.includes('read-only'), ...(format === undefined ? {} : { format }) },
  }
}

/** A context id that a guest can have, or `free`. 0 to 2 are the hypervisor, the guest itself, the host. Source: vsock(7). */
export function readVsockCid(text: string): Reading<number | 'free'> {
  if (text === 'free') return { value: 'free' }
  const reading = wholeNumber(text, { min: 3, max: MAX_CID })
  return 'value' in reading ? reading : { wrong: `${reading.wrong}, or free for one that no other guest has` }
}

/** `vsock:CID:PORT` or `unix:/PATH`. */
export function readQuoteService(text: string): Reading<QuoteService> {
  const [, cid = '', port = ''] = /^vsock:(\d{1,10}):(\d{1,10})$/.exec(text) ?? []
  if (port !== '' && Number(cid) <= MAX_CID && Number(port) > 0 && Number(port) <= MAX_CID)
    return { value: { kind: 'vsock', cid: Number(cid), port: Number(port) } }
  // The address of a UNIX socket has room for 107 bytes. Source: unix(7).
  if (/^unix:\/[^\p{Cc}]+$/u.test(text) && Buffer.byteLength(text) <= 107 + 'unix:'.length)
    return { value: { kind: 'unix', path: text.slice('unix:'.length) } }
  return { wrong: 'is no quote service: vsock:CID:PORT, such as vsock:2:4050, or unix:/PATH' }
}

/** A guest policy of SEV-SNP, as 0x and hex digits. Source: SEV-SNP ABI (AMD 56860), Guest Policy. */
export function readPolicy(text: string): Reading<string> {
  if (!/^(?:0x[0-9a-f]{1,16}|\d{1,19})$/i.test(text)) return { wrong: 'is no guest policy: 64 bits, such as 0x30000' }
  const policy = BigInt(text)
  const [problem] = policyProblems(policy)
  return problem === undefined ? { value: policyText(policy) } : { wrong: `is no guest policy: ${problem}` }
}

function readBoolean(text: string): Reading<boolean> {
  return text === 'true' || text === 'false' ? { value: text === 'true' } : { wrong: 'must be true or false' }
}

function readPath(text: string): Reading<string> {
  return text !== '' && !/\p{Cc}/u.test(text) ? { value: text } : { wrong: 'is no path of a file' }
}

function readWord(text: string): Reading<string> {
  return /^[^\p{Cc}]+$/u.test(text) ? { value: text } : { wrong: 'is no value: hex, base64, or what it is made of' }
}

function oneOf<const Value extends string>(...values: readonly Value[]): (text: string) => Reading<Value> {
  return (text) => {
    const value = values.find((each) => each === text)
    return value === undefined ? { wrong: `must be one of ${values.join(', ')}` } : { value }
  }
}

function matching(form: RegExp, wrong: string): (text: string) => Reading<string> {
  return (text) => (form.test(text) ? { value: text } : { wrong })
}

function wholeNumber(text: string, { min, max }: { readonly min: number; readonly max: number }): Reading<number> {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  return value >= min && value <= max ? { value } : { wrong: `must be a whole number from ${min} to ${max}` }
}

const MIB_PER_UNIT: Readonly<Record<string, number>> = { M: 1, G: 1024, T: 1024 * 1024 }
const MIN_MIB = 64
const MAX_MIB = 16 * 1024 * 1024
const MAX_PORT = 65_535
/** VMADDR_CID_ANY, 2^32 - 1, is nobody's. Source: vsock(7). */
const MAX_CID = 2 ** 32 - 2
const FORMAT_OF_WORD: Readonly<Record<string, DiskWish['format']>> = { 'format=qcow2': 'qcow2', 'format=raw': 'raw' }
const DISK_WORDS: ReadonlySet<string> = new Set([...Object.keys(FORMAT_OF_WORD), 'read-only'])

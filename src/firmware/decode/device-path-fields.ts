/** How the fields of device path nodes look in bytes and in text. Numbers are little-endian. */
import { isIPv4, isIPv6 } from 'node:net'
import { guidBytes, guidText, isGuid } from '../guid.js'

export interface NodeField {
  /** Undefined: all bytes that are left. */
  readonly bytes: number | undefined
  /** Undefined when the bytes are not what this field can show. */
  read(bytes: Buffer): string | undefined
  /** Undefined when the text is not one of this field. */
  write(text: string): Buffer | undefined
}

export const u8 = integer(1)
export const u16 = integer(2)
export const u32 = integer(4)
export const u64 = integer(8)

/** Written in decimal, as people know speeds and sizes. */
export function decimal(field: NodeField): NodeField {
  return { ...field, read: (bytes) => numberOf(bytes).toString() }
}

export const guid: NodeField = {
  bytes: 16,
  read: (bytes) => guidText(bytes),
  write: (text) => (isGuid(text) ? guidBytes(text) : undefined),
}

/** Bytes as hex digits. */
export function hex(bytes: number | undefined): NodeField {
  return {
    bytes,
    read: (value) => value.toString('hex'),
    write: (text) => {
      if (!/^(?:[0-9a-f]{2})*$/i.test(text)) return undefined
      return bytes === undefined || text.length === 2 * bytes ? Buffer.from(text, 'hex') : undefined
    },
  }
}

/** Bytes that are always the same and not shown. */
export function always(hexDigits: string): NodeField {
  const value = Buffer.from(hexDigits, 'hex')
  return { bytes: value.length, read: (bytes) => (bytes.equals(value) ? '' : undefined), write: () => value }
}

/** One byte with a name for each value, from 0. */
export function choice(...names: readonly string[]): NodeField {
  return {
    bytes: 1,
    read: (bytes) => names[bytes.readUInt8()],
    write: (text) => {
      const value = names.findIndex((name) => name.toLowerCase() === text.toLowerCase())
      return value < 0 ? undefined : Buffer.from([value])
    },
  }
}

export const ipv4: NodeField = {
  bytes: 4,
  read: (bytes) => [...bytes].join('.'),
  write: (text) => (isIPv4(text) ? Buffer.from(text.split('.').map(Number)) : undefined),
}

/** Eight groups on reading; on writing the short form with `::` too. */
export const ipv6: NodeField = {
  bytes: 16,
  read: (bytes) => Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(':'),
  write: (text) => {
    if (!isIPv6(text) || /[.%]/.test(text)) return undefined
    const [head = '', tail] = text.split('::')
    const groups = (part: string) => (part === '' ? [] : part.split(':'))
    const [first, last] = [groups(head), groups(tail ?? '')]
    const all = [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last]
    return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex')
  },
}

/** EUI-64 of an NVMe name space: the bytes from last to first, as the firmware shows them. Source: edk2, DevPathToTextNVMe. */
export const eui64: NodeField = {
  bytes: 8,
  read: (bytes) => (Buffer.from(bytes).reverse().toString('hex').match(/../g) ?? []).join('-').toUpperCase(),
  write: (text) =>
    /^[0-9a-f]{2}(?:-[0-9a-f]{2}){7}$/i.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex').reverse() : undefined,
}

/** UTF-8 up to the end of the node. */
export const utf8: NodeField = {
  bytes: undefined,
  read: (bytes) => bytes.toString('utf8'),
  write: (text) => Buffer.from(text, 'utf8'),
}

/** UTF-16 with a NUL at its end. */
export const utf16: NodeField = {
  bytes: undefined,
  read: (bytes) =>
    bytes.length >= 2 && bytes.length % 2 === 0 ? bytes.toString('utf16le', 0, bytes.length - 2) : undefined,
  write: (text) => Buffer.from(`${text}\0`, 'utf16le'),
}

function integer(bytes: number): NodeField {
  return {
    bytes,
    read: (value) => `0x${numberOf(value).toString(16).toUpperCase()}`,
    write: (text) => {
      if (!/^(?:0x[0-9a-f]{1,16}|[0-9]{1,20})$/i.test(text)) return undefined
      const value = BigInt(text)
      return value >> BigInt(8 * bytes) === 0n ? littleEndian(value, bytes) : undefined
    },
  }
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

function littleEndian(value: bigint, bytes: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex').reverse()
}

/** How a person writes and reads the contents of a simple variable. */
export interface ValueForm {
  /** What is to be given, for help and messages. */
  readonly expects: string
  /** undefined when the text does not fit. */
  readonly read: (text: string) => Buffer | undefined
  /** undefined when the bytes do not have this form. */
  readonly show: (data: Buffer) => string | undefined
}

/** Seconds as u16; 0xFFFF is to wait. Source: UEFI 2.10, 3.1.1 (Timeout). */
export const SECONDS: ValueForm = {
  expects: 'whole seconds from 0 to 65534, or "wait"',
  read: (text) => (text === 'wait' ? u16(0xffff) : numberFrom(text, 0xfffe, u16)),
  show: (data) => {
    if (data.length !== 2) return undefined
    const seconds = data.readUInt16LE(0)
    return seconds === 0xffff ? 'waits for a key' : `${seconds} s`
  },
}

/** Numbers of Boot#### variables as u16 each. Source: UEFI 2.10, 3.1.1 (BootOrder). */
export const BOOT_LIST: ValueForm = {
  expects: 'numbers of boot entries, such as 0001,0000 or Boot0001,Boot0000',
  read: (text) => {
    const numbers = text.split(/[\s,]+/).map(bootNumber)
    return numbers.every(isThere) ? Buffer.concat(numbers.map(u16)) : undefined
  },
  show: (data) => {
    if (data.length === 0 || data.length % 2 !== 0) return undefined
    return Array.from({ length: data.length / 2 }, (_, index) => bootName(data.readUInt16LE(2 * index))).join(', ')
  },
}

/** Source: UEFI 2.10, 3.1.1 (BootNext). */
export const BOOT_ENTRY: ValueForm = {
  expects: 'the number of a boot entry, such as 0001 or Boot0001',
  read: (text) => {
    const number = bootNumber(text)
    return number === undefined ? undefined : u16(number)
  },
  show: (data) => (data.length === 2 ? bootName(data.readUInt16LE(0)) : undefined),
}

/** ASCII with a NUL at its end. Source: UEFI 2.10, 3.1.1 (PlatformLang: RFC 4646) and UEFI 1.10 (Lang: ISO 639-2). */
export const LANGUAGE: ValueForm = {
  expects: 'a language code, such as en, en-US or, for Lang, eng',
  read: (text) => (/^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/i.test(text) ? Buffer.from(`${text}\0`, 'latin1') : undefined),
  show: (data) => {
    const text = data.toString('latin1')
    return /^[\x21-\x7e]+\0$/.test(text) ? text.slice(0, -1) : undefined
  },
}

/** One byte, 1 or 0. */
export const SWITCH: ValueForm = {
  expects: '1 or 0 (or on, off)',
  read: (text) => {
    if (/^(?:1|on|true|yes)$/i.test(text)) return Buffer.from([1])
    return /^(?:0|off|false|no)$/i.test(text) ? Buffer.from([0]) : undefined
  },
  show: (data) => (data.length === 1 ? String(data[0]) : undefined),
}

/** Bits as u64. */
export const BITS_64: ValueForm = {
  expects: 'a number of at most 64 bits, such as 1 or 0x1',
  read: (text) => {
    if (!/^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i.test(text) || BigInt(text) >= 2n ** 64n) return undefined
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt(text))
    return bytes
  },
  show: (data) => (data.length === 8 ? `0x${data.readBigUInt64LE(0).toString(16)}` : undefined),
}

function numberFrom(text: string, largest: number, write: (value: number) => Buffer): Buffer | undefined {
  return /^\d{1,9}$/.test(text) && Number(text) <= largest ? write(Number(text)) : undefined
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function bootNumber(text: string): number | undefined {
  const digits = /^(?:Boot)?([0-9a-f]{4})$/i.exec(text)?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 16)
}

function bootName(number: number): string {
  return `Boot${number.toString(16).toUpperCase().padStart(4, '0')}`
}

function isThere(value: number | undefined): value is number {
  return value !== undefined
}

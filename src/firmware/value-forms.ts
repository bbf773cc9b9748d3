import { WAIT_FOR_EVER, writeLanguage, writeOptionOrder, writeSwitch, writeTimeout } from './decode/simple-values.js'

/** How a person writes the contents of a simple variable. */
export interface ValueForm {
  /** What is to be given, for help and messages. */
  readonly expects: string
  /** undefined when the text does not fit. */
  readonly read: (text: string) => Buffer | undefined
}

/** Timeout. */
export const SECONDS: ValueForm = {
  expects: 'whole seconds from 0 to 65534, or "wait"',
  read: (text) => {
    if (text === 'wait') return writeTimeout(WAIT_FOR_EVER)
    return /^\d{1,5}$/.test(text) && Number(text) < WAIT_FOR_EVER ? writeTimeout(Number(text)) : undefined
  },
}

/** BootOrder. */
export const BOOT_LIST: ValueForm = {
  expects: 'numbers of boot entries, such as 0001,0000 or Boot0001,Boot0000',
  read: (text) => {
    const numbers = text.split(/[\s,]+/).map(bootNumber)
    return numbers.every((number) => number !== undefined) ? writeOptionOrder(numbers) : undefined
  },
}

/** BootNext. */
export const BOOT_ENTRY: ValueForm = {
  expects: 'the number of a boot entry, such as 0001 or Boot0001',
  read: (text) => {
    const number = bootNumber(text)
    return number === undefined ? undefined : writeOptionOrder([number])
  },
}

/** PlatformLang, Lang. */
export const LANGUAGE: ValueForm = {
  expects: 'a language code, such as en, en-US or, for Lang, eng',
  read: (text) => (/^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/i.test(text) ? writeLanguage(text) : undefined),
}

/** One byte, 1 or 0. */
export const SWITCH: ValueForm = {
  expects: '1 or 0 (or on, off)',
  read: (text) => {
    if (/^(?:1|on|true|yes)$/i.test(text)) return writeSwitch(true)
    return /^(?:0|off|false|no)$/i.test(text) ? writeSwitch(false) : undefined
  },
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
}

function bootNumber(text: string): string | undefined {
  return /^(?:Boot)?([0-9a-f]{4})$/i.exec(text)?.[1]
}

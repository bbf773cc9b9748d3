/** Variables with a plain value: BootOrder, BootNext, Timeout, PlatformLang, OsIndications, switches of one byte. */

/** BootOrder, DriverOrder: the numbers of load options as four hex digits each, upper case, as in their names. */
export function readOptionOrder(data: Buffer): readonly string[] {
  if (data.length % 2 !== 0) throw new RangeError(`an order of ${data.length} bytes`)
  return Array.from({ length: data.length / 2 }, (_, index) => optionNumber(data.readUInt16LE(index * 2)))
}

/** @throws {RangeError} for what is not four hex digits. */
export function writeOptionOrder(numbers: readonly string[]): Buffer {
  const data = Buffer.alloc(numbers.length * 2)
  for (const [index, number] of numbers.entries()) {
    if (!/^[0-9a-f]{4}$/i.test(number)) throw new RangeError(`${JSON.stringify(number)} is not four hex digits`)
    data.writeUInt16LE(Number.parseInt(number, 16), index * 2)
  }
  return data
}

/** Four hex digits: hexadecimal and upper case. Source: UEFI 2.10, 3.3 Globally Defined Variables. */
export function optionNumber(number: number): string {
  return number.toString(16).toUpperCase().padStart(4, '0')
}

/** Timeout: seconds that the boot menu waits; 0xFFFF: for ever. */
export function writeTimeout(seconds: number): Buffer {
  const data = Buffer.alloc(2)
  data.writeUInt16LE(seconds)
  return data
}

export function readTimeout(data: Buffer): number {
  return exactly(data, 2).readUInt16LE()
}

/** Timeout that never ends. Source: UEFI 2.10, 3.1.1. */
export const WAIT_FOR_EVER = 0xffff

/** PlatformLang (RFC 4646, such as en-US) and Lang (ISO 639-2): ASCII with a NUL at its end. */
export function writeLanguage(code: string): Buffer {
  if (!/^[A-Za-z0-9;-]*$/.test(code)) throw new RangeError(`${JSON.stringify(code)} is not a language code`)
  return Buffer.from(`${code}\0`, 'latin1')
}

export function readLanguage(data: Buffer): string {
  const text = data.toString('latin1').replace(/\0+$/, '')
  if (!/^[\x20-\x7e]*$/.test(text)) throw new RangeError('not ASCII text')
  return text
}

/** SecureBootEnable, CustomMode, MokSBState, …: one byte, 1 or 0. */
export function readSwitch(data: Buffer): boolean {
  const value = exactly(data, 1).readUInt8()
  if (value > 1) throw new RangeError(`${value} is neither 0 nor 1`)
  return value === 1
}

export function writeSwitch(on: boolean): Buffer {
  return Buffer.from([on ? 1 : 0])
}

/** OsIndications, OsIndicationsSupported: names of the bits that are set. Source: UEFI 2.10, 8.5.4. */
export function readOsIndications(data: Buffer): readonly string[] {
  const bits = exactly(data, 8).readBigUInt64LE()
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => ((bits >> BigInt(bit)) & 1n) === 1n)
    .map((bit) => OS_INDICATIONS[bit] ?? `bit ${bit}`)
}

export function exactly(data: Buffer, bytes: number): Buffer {
  if (data.length !== bytes) throw new RangeError(`${data.length} bytes where ${bytes} belong`)
  return data
}

const OS_INDICATIONS = [
  'boot to the setup screen',
  'time stamp revocation',
  'file capsule delivery',
  'FMP capsule',
  'capsule result variables',
  'start OS recovery',
  'start platform recovery',
  'JSON configuration data refresh',
]

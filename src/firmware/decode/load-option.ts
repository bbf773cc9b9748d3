/**
 * EFI_LOAD_OPTION: the data of Boot####, Driver#### and SysPrep####.
 *
 *     u32 Attributes | u16 FilePathListLength | Description, UTF-16 with NUL | FilePathList | OptionalData
 *
 * Source: UEFI 2.10, 3.1.3 Load Options.
 */
export interface LoadOption {
  /** LOAD_OPTION_* bits. */
  readonly attributes: number
  readonly description: string
  /** Packed device paths; the first is the file to start. See device-path.ts. */
  readonly filePath: Buffer
  /** What the started program gets as its load options. */
  readonly optionalData: Buffer
}

/** LOAD_OPTION_* bits. Source: UEFI 2.10, 3.1.3. */
export const LOAD_OPTION = { active: 0x1, forceReconnect: 0x2, hidden: 0x8, categoryApp: 0x100 } as const

/** @throws {RangeError} when the bytes are not a load option. */
export function readLoadOption(data: Buffer): LoadOption {
  if (data.length < FIXED_BYTES) throw new RangeError(`a load option of ${data.length} bytes`)
  const pathBytes = data.readUInt16LE(4)
  const end = endOfText(data, FIXED_BYTES)
  if (end === undefined) throw new RangeError('the description of the load option has no end')
  const pathAt = end + 2
  if (pathAt + pathBytes > data.length)
    throw new RangeError(`the device path of the load option has ${pathBytes} bytes, ${data.length - pathAt} are there`)
  return {
    attributes: data.readUInt32LE(0),
    description: data.toString('utf16le', FIXED_BYTES, end),
    filePath: data.subarray(pathAt, pathAt + pathBytes),
    optionalData: data.subarray(pathAt + pathBytes),
  }
}

/** @throws {RangeError} for a description with a NUL in it or a path of 64 KiB and more. */
export function writeLoadOption({ attributes, description, filePath, optionalData }: LoadOption): Buffer {
  if (description.includes('\0')) throw new RangeError('the description of a load option holds a NUL')
  if (filePath.length > 0xffff) throw new RangeError(`a device path of ${filePath.length} bytes`)
  const fixed = Buffer.alloc(FIXED_BYTES)
  fixed.writeUInt32LE(attributes, 0)
  fixed.writeUInt16LE(filePath.length, 4)
  return Buffer.concat([fixed, Buffer.from(`${description}\0`, 'utf16le'), filePath, optionalData])
}

/** Where the NUL of the UTF-16 text at `from` is. */
function endOfText(data: Buffer, from: number): number | undefined {
  for (let at = from; at + 1 < data.length; at += 2) if (data.readUInt16LE(at) === 0) return at
  return undefined
}

const FIXED_BYTES = 6

/**
 * The parts of a PE file that Authenticode looks at.
 *
 * Source: Microsoft, PE Format (COFF header, optional header, data directories, section table). All numbers little-endian.
 */
export interface PeFile {
  readonly bytes: Buffer
  /** Offset of the CheckSum field, which the digest leaves out. */
  readonly checksumAt: number
  /** Offset of the data directory entry of the certificate table; undefined when the header has none. */
  readonly certificateEntryAt: number | undefined
  /** Where the certificate table is; empty: not signed. */
  readonly certificateTable: { readonly offset: number; readonly size: number }
  readonly headersBytes: number
  /** Sections that have bytes in the file, in the order of the section table. */
  readonly sections: readonly { readonly offset: number; readonly size: number }[]
}

/** @throws {RangeError} when it is not a PE file that firmware would load; the message says why. */
export function readPe(bytes: Buffer): PeFile {
  if (bytes.toString('latin1', 0, 2) !== 'MZ' || bytes.length < 0x40) throw new RangeError('it does not begin with MZ')
  const peAt = bytes.readUInt32LE(0x3c)
  const optionalAt = peAt + 24
  if (optionalAt + 2 > bytes.length || bytes.toString('latin1', peAt, peAt + 4) !== 'PE\0\0')
    throw new RangeError('it has no PE header')
  const sectionCount = bytes.readUInt16LE(peAt + 6)
  const optionalBytes = bytes.readUInt16LE(peAt + 20)
  const magic = bytes.readUInt16LE(optionalAt)
  const directoriesAt = optionalAt + (DIRECTORIES_AT[magic] ?? 0)
  if (directoriesAt === optionalAt) throw new RangeError(`its optional header is of the kind 0x${magic.toString(16)}`)
  const tableAt = optionalAt + optionalBytes
  if (directoriesAt > tableAt || tableAt + sectionCount * SECTION_BYTES > bytes.length)
    throw new RangeError('its headers are cut short')
  const headersBytes = bytes.readUInt32LE(optionalAt + 60)
  const directoryCount = bytes.readUInt32LE(directoriesAt - 4)
  const certificateEntryAt = directoriesAt + CERTIFICATE_DIRECTORY * 8
  const hasEntry = directoryCount > CERTIFICATE_DIRECTORY && certificateEntryAt + 8 <= tableAt
  const certificateTable = hasEntry
    ? { offset: bytes.readUInt32LE(certificateEntryAt), size: bytes.readUInt32LE(certificateEntryAt + 4) }
    : { offset: 0, size: 0 }
  if (headersBytes > bytes.length || headersBytes < (hasEntry ? certificateEntryAt + 8 : optionalAt + 68))
    throw new RangeError(`it says that its headers have ${headersBytes} bytes`)
  if (certificateTable.offset + certificateTable.size > bytes.length)
    throw new RangeError('its certificate table lies beyond the end of the file')
  const sections = Array.from({ length: sectionCount }, (_, index) => {
    const at = tableAt + index * SECTION_BYTES
    return { offset: bytes.readUInt32LE(at + 20), size: bytes.readUInt32LE(at + 16) }
  }).filter(({ size }) => size > 0)
  if (sections.some(({ offset, size }) => offset + size > bytes.length))
    throw new RangeError('one of its sections lies beyond the end of the file')
  return {
    bytes,
    checksumAt: optionalAt + 64,
    certificateEntryAt: hasEntry ? certificateEntryAt : undefined,
    certificateTable,
    headersBytes,
    sections,
  }
}

/** Offset of the data directories in the optional header, by its magic number: PE32, PE32+. */
const DIRECTORIES_AT: Readonly<Record<number, number>> = { 267: 96, 523: 112 }
/** IMAGE_DIRECTORY_ENTRY_SECURITY */
const CERTIFICATE_DIRECTORY = 4
const SECTION_BYTES = 40

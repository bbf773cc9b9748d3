import { readSignatureLists, signatureKind } from '../decode/signature-list.js'
import { readPe } from './pe-file.js'

/** What a program between firmware and kernel is; `other`: one that nothing starts by itself, such as shim's MokManager. */
export type BootProgramKind = 'shim' | 'grub' | 'systemd-boot' | 'kernel' | 'uki' | 'other'

/**
 * Tells it by what it holds: a file on the EFI system partition may have any name.
 *
 * Sources: rhboot/shim, cert.S (.vendor_cert); GNU GRUB, grub-mkimage (section "mods"); systemd, src/boot/efi/boot.c (.sdmagic,
 * which its stub has, too); UAPI, Unified Kernel Image (.linux); Linux, Documentation/arch/x86/boot.rst ("HdrS" at 0x202).
 *
 * @throws {RangeError} when it is no PE file.
 */
export function bootProgramKind(bytes: Buffer): BootProgramKind {
  const sections = namedSections(bytes)
  const names = new Set(sections.map(({ name }) => name))
  if (names.has('.vendor_cert')) return 'shim'
  if (names.has('.linux')) return 'uki'
  if (names.has('mods')) return 'grub'
  if (sections.some(({ name, data }) => name === '.sdmagic' && data.includes('systemd-boot'))) return 'systemd-boot'
  return bytes.length > 0x206 && bytes.toString('latin1', 0x202, 0x206) === 'HdrS' ? 'kernel' : 'other'
}

/** Certificates (DER) that a shim trusts by itself: those of its distribution. @throws {RangeError} when it is no PE file. */
export function vendorCertificates(shim: Buffer): readonly Buffer[] {
  const section = namedSections(shim).find(({ name }) => name === '.vendor_cert')?.data
  // struct { u32 size, deniedSize, offset, deniedOffset; }, the offsets from its start. Source: rhboot/shim, shim.h.
  if (section === undefined || section.length < 16) return []
  const [size, offset] = [section.readUInt32LE(0), section.readUInt32LE(8)]
  const list = section.subarray(offset, offset + size)
  if (size === 0 || list.length < size) return []
  if (list[0] === DER_SEQUENCE) return [list]
  try {
    return readSignatureLists(list).flatMap(({ type, signatures }) =>
      signatureKind(type) === 'x509' ? signatures.map(({ data }) => data) : [],
    )
  } catch {
    return []
  }
}

export interface NamedSection {
  readonly name: string
  readonly data: Buffer
}

/**
 * The sections of a program, with their bytes in the file.
 *
 * Names longer than 8 bytes stand in the string table, which lies behind the symbols.
 *
 * Source: Microsoft, PE Format (COFF file header, section table, COFF string table).
 *
 * @throws {RangeError} when it is no PE file.
 */
export function namedSections(bytes: Buffer): readonly NamedSection[] {
  readPe(bytes)
  const peAt = bytes.readUInt32LE(0x3c)
  const count = bytes.readUInt16LE(peAt + 6)
  const stringsAt = bytes.readUInt32LE(peAt + 12) + bytes.readUInt32LE(peAt + 16) * SYMBOL_BYTES
  const tableAt = peAt + 24 + bytes.readUInt16LE(peAt + 20)
  return Array.from({ length: count }, (_, index) => {
    const at = tableAt + index * 40
    const short = textAt(bytes.subarray(at, at + 8), 0)
    const long = /^\/(\d+)$/.exec(short)?.[1]
    const dataAt = bytes.readUInt32LE(at + 20)
    return {
      name: long === undefined ? short : textAt(bytes, stringsAt + Number(long)),
      data: bytes.subarray(dataAt, dataAt + bytes.readUInt32LE(at + 16)),
    }
  })
}

function textAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at)
  return bytes.toString('latin1', at, Math.min(end < 0 ? bytes.length : end, at + LONGEST_NAME))
}

const SYMBOL_BYTES = 18
const LONGEST_NAME = 64
const DER_SEQUENCE = 0x30

/**
 * The certificate table of a PE file: the signatures that it carries.
 *
 *     WIN_CERTIFICATE: u32 dwLength (whole) | u16 wRevision | u16 wCertificateType | data; the next one at a multiple of 8
 *
 * Source: Microsoft, PE Format, "The Attribute Certificate Table"; UEFI 2.10, 32.2.4.
 */

import { SIGNATURE_TYPE } from '../decode/signature-list.js'
import { guidText } from '../guid.js'
import type { PeFile } from './pe-file.js'

export interface CertificateTable {
  /** `damaged`: its entries do not end where it ends; then the firmware refuses the program whatever is in it. */
  readonly state: 'none' | 'whole' | 'damaged'
  /** PKCS#7 messages (DER), in the order in which the firmware looks at them; entries of other kinds are skipped, as it does. */
  readonly signatures: readonly Buffer[]
}

export function readCertificateTable({ bytes, certificateTable }: PeFile): CertificateTable {
  const signatures: Buffer[] = []
  const end = certificateTable.offset + certificateTable.size
  let at = certificateTable.offset
  while (at + HEADER_BYTES < end) {
    const length = bytes.readUInt32LE(at)
    if (length <= HEADER_BYTES || length > end - at) break
    const entry = bytes.subarray(at, at + length)
    const type = entry.readUInt16LE(6)
    if (type === PKCS_SIGNED_DATA) signatures.push(entry.subarray(HEADER_BYTES))
    if (type === EFI_GUID && length > GUID_HEADER_BYTES && guidText(entry, HEADER_BYTES) === SIGNATURE_TYPE.pkcs7)
      signatures.push(entry.subarray(GUID_HEADER_BYTES))
    at += Math.ceil(length / 8) * 8
  }
  if (certificateTable.size === 0) return { state: 'none', signatures: [] }
  return { state: at === end ? 'whole' : 'damaged', signatures }
}

const HEADER_BYTES = 8
const GUID_HEADER_BYTES = 24
const PKCS_SIGNED_DATA = 0x0002
const EFI_GUID = 0x0ef1

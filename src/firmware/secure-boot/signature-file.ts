import { readSignatureLists, SIGNATURE_TYPE, type SignatureList } from '../decode/signature-list.js'
import { guidText } from '../guid.js'

/** A file of signature lists. */
export interface SignatureFile {
  readonly lists: readonly SignatureList[]
  /** The lists as bytes; empty for an update that deletes. */
  readonly payload: Buffer
  /** EFI_TIME of a signed update. */
  readonly time?: Buffer
}

/**
 * The lists in a file: bare (.esl), or in a signed update (.auth, Microsoft's dbxupdate_x64.bin). Undefined when it is neither.
 * The signature of an update is not looked at: whoever writes a store needs none.
 *
 *     EFI_VARIABLE_AUTHENTICATION_2: 16 EFI_TIME | u32 dwLength | u16 0x0200 | u16 0x0EF1 | 16 GUID (PKCS#7) | … ; lists at 16 + dwLength
 *
 * Source: UEFI 2.10, 8.2.6.
 */
export function signatureFile(bytes: Buffer): SignatureFile | undefined {
  const isUpdate =
    bytes.length >= HEADER_BYTES && bytes.readUInt16LE(22) === 0x0ef1 && guidText(bytes, 24) === SIGNATURE_TYPE.pkcs7
  if (!isUpdate) return bytes.length === 0 ? undefined : withLists(bytes)
  const start = TIME_BYTES + bytes.readUInt32LE(TIME_BYTES)
  if (start < HEADER_BYTES || start > bytes.length) return undefined
  const file = withLists(bytes.subarray(start))
  return file && { ...file, time: bytes.subarray(0, TIME_BYTES) }
}

function withLists(payload: Buffer): SignatureFile | undefined {
  try {
    return { lists: readSignatureLists(payload), payload }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}

const TIME_BYTES = 16
const HEADER_BYTES = 40

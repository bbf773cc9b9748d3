import { readGuid } from '../decode/guid-bytes.js'
import { readSignatureLists, SIGNATURE_TYPE, type SignatureList } from '../decode/signature-list.js'

/**
 * The lists in a file of signature lists: bare (.esl), or in a signed update (.auth, Microsoft's dbxupdate_x64.bin). Undefined
 * when it is neither. The signature of an update is not looked at: whoever writes a store needs none.
 *
 *     EFI_VARIABLE_AUTHENTICATION_2: 16 EFI_TIME | u32 dwLength | u16 0x0200 | u16 0x0EF1 | 16 GUID (PKCS#7) | … ; lists at 16 + dwLength
 *
 * Source: UEFI 2.10, 8.2.6.
 */
export function signatureFile(bytes: Buffer): readonly SignatureList[] | undefined {
  return listsOrNothing(bytes) ?? listsOrNothing(payload(bytes))
}

function payload(bytes: Buffer): Buffer {
  const isUpdate =
    bytes.length > 40 && bytes.readUInt16LE(22) === 0x0ef1 && readGuid(bytes, 24) === SIGNATURE_TYPE.pkcs7
  return isUpdate ? bytes.subarray(TIME_BYTES + bytes.readUInt32LE(TIME_BYTES)) : Buffer.alloc(0)
}

function listsOrNothing(bytes: Buffer): readonly SignatureList[] | undefined {
  if (bytes.length === 0) return undefined
  try {
    return readSignatureLists(bytes)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}

const TIME_BYTES = 16

/**
 * EFI_SIGNATURE_LIST: what PK, KEK, db, dbx, MokList and TlsCaCertificate consist of.
 *
 *     16 SignatureType | u32 ListSize (whole) | u32 HeaderSize | u32 SignatureSize | header | N x { 16 SignatureOwner | data }
 *
 * Source: UEFI 2.10, 32.4.1 Signature Database.
 */
import { guidBytes, guidText } from '../guid.js'

/** SignatureType of the kinds that this program knows. Source: UEFI 2.10, 32.4.1. */
export const SIGNATURE_TYPE = {
  /** One DER certificate. */
  x509: 'a5c059a1-94e4-4aa7-87b5-ab155c2bf072',
  sha1: '826ca512-cf10-4ac9-b187-be01496631bd',
  sha224: '0b6e5233-a65c-44c9-9407-d9ab83bfc8bd',
  sha256: 'c1c41626-504c-4092-aca9-41f936934328',
  sha384: 'ff3e5307-9fd0-48c9-85f1-8ad56c701e01',
  sha512: '093e0fae-a6c4-4f50-9f1b-d41e2b89c19a',
  /** Digest of a certificate's TBSCertificate, then EFI_TIME: refuses what was signed after that; all zero: always. */
  x509Sha256: '3bd2a492-96c0-4079-b420-fcf98ef103ed',
  x509Sha384: '7076876e-80c2-4ee6-aad2-28b349a6865b',
  x509Sha512: '446dbf63-2502-4cda-bcfa-2465d2b0fe9d',
  rsa2048: '3c5766e8-269c-4e34-aa14-ed776e85b3b6',
  pkcs7: '4aafd29d-68df-49ee-8aa9-347d375665a7',
} as const

export type SignatureKind = keyof typeof SIGNATURE_TYPE

export interface SignatureList {
  /** GUID; often one of `SIGNATURE_TYPE`, any other is kept. */
  readonly type: string
  /** Empty for all known types. */
  readonly header: Buffer
  /** All of the same length. */
  readonly signatures: readonly Signature[]
}

export interface Signature {
  /** GUID of whoever put it there; the firmware gives it no meaning. */
  readonly owner: string
  readonly data: Buffer
}

/**
 * Reads the lists of a variable.
 *
 * @throws {RangeError} when the bytes are not such lists; the message says where.
 */
export function readSignatureLists(data: Buffer): readonly SignatureList[] {
  const lists: SignatureList[] = []
  for (let at = 0; at < data.length; ) {
    if (data.length - at < LIST_HEADER_BYTES) throw broken(at, `only ${data.length - at} bytes are left`)
    const listBytes = data.readUInt32LE(at + 16)
    const headerBytes = data.readUInt32LE(at + 20)
    const signatureBytes = data.readUInt32LE(at + 24)
    const bodyBytes = listBytes - LIST_HEADER_BYTES - headerBytes
    if (bodyBytes < 0 || listBytes > data.length - at) throw broken(at, `it says that it has ${listBytes} bytes`)
    if (signatureBytes < OWNER_BYTES || bodyBytes % signatureBytes !== 0)
      throw broken(at, `${bodyBytes} bytes do not hold entries of ${signatureBytes}`)
    const body = data.subarray(at + LIST_HEADER_BYTES + headerBytes, at + listBytes)
    lists.push({
      type: guidText(data, at),
      header: data.subarray(at + LIST_HEADER_BYTES, at + LIST_HEADER_BYTES + headerBytes),
      signatures: Array.from({ length: bodyBytes / signatureBytes }, (_, index) => {
        const entry = body.subarray(index * signatureBytes, (index + 1) * signatureBytes)
        return { owner: guidText(entry), data: entry.subarray(OWNER_BYTES) }
      }),
    })
    at += listBytes
  }
  return lists
}

/** The bytes of the lists, in the order given: the order is measured. A list without entries counts as having entries of 16 bytes. */
export function writeSignatureLists(lists: readonly SignatureList[]): Buffer {
  return Buffer.concat(lists.flatMap(listParts))
}

/** A list of one kind; a certificate needs a list of its own, since the entries of a list have one length. */
export function signatureList(kind: SignatureKind, signatures: readonly Signature[]): SignatureList {
  return { type: SIGNATURE_TYPE[kind], header: Buffer.alloc(0), signatures }
}

/** The name of a type, undefined for one that this program does not know. */
export function signatureKind(type: string): SignatureKind | undefined {
  return KIND_OF_TYPE.get(type)
}

function listParts({ type, header, signatures }: SignatureList): readonly Buffer[] {
  const signatureBytes = OWNER_BYTES + (signatures[0]?.data.length ?? 0)
  if (signatures.some(({ data }) => OWNER_BYTES + data.length !== signatureBytes))
    throw new Error('the entries of a signature list differ in length')
  const sizes = Buffer.alloc(12)
  sizes.writeUInt32LE(LIST_HEADER_BYTES + header.length + signatures.length * signatureBytes, 0)
  sizes.writeUInt32LE(header.length, 4)
  sizes.writeUInt32LE(signatureBytes, 8)
  return [guidBytes(type), sizes, header, ...signatures.flatMap(({ owner, data }) => [guidBytes(owner), data])]
}

function broken(at: number, how: string): RangeError {
  return new RangeError(`the signature list at byte ${at} is damaged: ${how}`)
}

const KIND_OF_TYPE: ReadonlyMap<string, SignatureKind> = new Map(
  // Object.entries forgets the names.
  Object.entries(SIGNATURE_TYPE).map(([kind, type]) => [type, kind as SignatureKind]),
)
const LIST_HEADER_BYTES = 28
const OWNER_BYTES = 16

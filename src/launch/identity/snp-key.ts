import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { CvmError } from '../../model/errors.js'

/**
 * Keys and signatures as the firmware of SEV-SNP has them: ECDSA with P-384 and SHA-384, numbers little-endian in 72 bytes.
 *
 * Source: AMD 56860, chapter "Signature and public key formats":
 *
 *     public key, 1028 bytes:  0 4 curve, 2 is P-384    4 72 Qx    76 72 Qy    148 880 zero
 *     signature,   512 bytes:  0 72 R    72 72 S    144 368 zero
 */
export const SNP_KEY_BYTES = 1028
const SNP_SIGNATURE_BYTES = 512

/**
 * Reads a private P-384 key from PEM.
 *
 * @param name what the errors call it: a path
 * @throws {CvmError} IDENTITY_INVALID; nothing of the key is in its words.
 */
export function readSigningKey(pem: Buffer, name: string): KeyObject {
  const text = pem.toString('latin1')
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw unusable(
      name,
      'it is encrypted',
      'Decrypt it for this moment: openssl pkey -in KEY -out PLAIN, or --id-key <(openssl pkey -in KEY)',
    )
  }
  if (!text.includes('PRIVATE KEY-----')) throw unusable(name, 'it holds no private key in PEM', MAKE_ONE)
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    throw unusable(name, 'its PEM cannot be read', MAKE_ONE)
  }
  const curve = key.asymmetricKeyDetails?.namedCurve
  if (curve !== 'secp384r1') {
    throw unusable(
      name,
      `it is ${curve === undefined ? `of type ${key.asymmetricKeyType}` : `on the curve ${curve}`}, not P-384`,
      MAKE_ONE,
    )
  }
  return key
}

/** The public half in the 1028 bytes of the firmware. */
export function snpPublicKey(key: KeyObject): Buffer {
  const { x = '', y = '' } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' })
  const bytes = Buffer.alloc(SNP_KEY_BYTES)
  bytes.writeUInt32LE(CURVE_P384, 0)
  littleEndian(Buffer.from(x, 'base64url')).copy(bytes, QX)
  littleEndian(Buffer.from(y, 'base64url')).copy(bytes, QY)
  return bytes
}

/** The key in such bytes, or undefined when they are none: another curve, a point off the curve, bytes that must be zero. */
export function fromSnpPublicKey(bytes: Buffer): KeyObject | undefined {
  const x = number(bytes, QX)
  const y = number(bytes, QY)
  if (bytes.length !== SNP_KEY_BYTES || bytes.readUInt32LE(0) !== CURVE_P384 || !x || !y) return undefined
  if (!isZero(bytes.subarray(QY + FIELD_BYTES))) return undefined
  try {
    const jwk = { kty: 'EC', crv: 'P-384', x: x.toString('base64url'), y: y.toString('base64url') }
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** What an attestation report shows of a key (ID_KEY_DIGEST, AUTHOR_KEY_DIGEST): SHA-384 of its 1028 bytes. */
export function snpKeyDigest(snpKey: Buffer): Buffer {
  return createHash('sha384').update(snpKey).digest()
}

/** Signs in the 512 bytes of the firmware. */
export function snpSign(data: Buffer, key: KeyObject): Buffer {
  const signature = sign('sha384', data, { key, dsaEncoding: 'ieee-p1363' })
  const bytes = Buffer.alloc(SNP_SIGNATURE_BYTES)
  littleEndian(signature.subarray(0, NUMBER_BYTES)).copy(bytes, 0)
  littleEndian(signature.subarray(NUMBER_BYTES)).copy(bytes, FIELD_BYTES)
  return bytes
}

export function snpVerify(data: Buffer, signature: Buffer, key: KeyObject): boolean {
  const r = number(signature, 0)
  const s = number(signature, FIELD_BYTES)
  if (!r || !s || !isZero(signature.subarray(2 * FIELD_BYTES))) return false
  return verify('sha384', data, { key, dsaEncoding: 'ieee-p1363' }, Buffer.concat([r, s]))
}

export function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0)
}

/** The big-endian number of 48 bytes in a field of 72, or undefined when it is longer. */
function number(bytes: Buffer, at: number): Buffer | undefined {
  const field = bytes.subarray(at, at + FIELD_BYTES)
  return isZero(field.subarray(NUMBER_BYTES)) ? Buffer.from(field.subarray(0, NUMBER_BYTES)).reverse() : undefined
}

function littleEndian(bigEndian: Buffer): Buffer {
  return Buffer.from(bigEndian).reverse()
}

function unusable(name: string, why: string, next: string): CvmError {
  return new CvmError('IDENTITY_INVALID', `${name} cannot sign an ID block`, { why, next })
}

const CURVE_P384 = 2
const NUMBER_BYTES = 48
const FIELD_BYTES = 72
const QX = 4
const QY = QX + FIELD_BYTES
const MAKE_ONE = 'Make a key: openssl ecparam -name secp384r1 -genkey -noout -out id-key.pem'

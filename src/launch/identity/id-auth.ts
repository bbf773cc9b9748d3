import type { KeyObject } from 'node:crypto'
import { CvmError } from '../../model/errors.js'
import { fromSnpPublicKey, isZero, SNP_KEY_BYTES, snpKeyDigest, snpPublicKey, snpSign, snpVerify } from './snp-key.js'

/**
 * The authentication of an ID block: it is signed with the id key, and that one, when wanted, with the author key.
 *
 * Source: AMD 56860, SNP_LAUNCH_FINISH, "Structure of the ID Authentication Information". 4096 bytes, little-endian:
 *
 *        0     4  algorithm of the id key, 1 is ECDSA P-384 with SHA-384
 *        4     4  algorithm of the author key
 *        8    56  zero
 *       64   512  signature of the ID block, with the id key
 *      576  1028  id key
 *     1604    60  zero
 *     1664   512  signature of the 1028 bytes of the id key, with the author key
 *     2176  1028  author key
 *     3204   892  zero
 */
export const ID_AUTH_BYTES = 4096

export interface IdAuth {
  /** 48 bytes each: what the attestation report shows. */
  readonly idKeyDigest: Buffer
  /** Absent without an author key. */
  readonly authorKeyDigest?: Buffer
  /** Whether the signatures hold; absent where there is nothing to check. */
  readonly blockSignatureHolds?: boolean
  readonly idKeySignatureHolds?: boolean
  /** Why the firmware would refuse it; empty when it is sound. */
  readonly problems: readonly string[]
}

/** Signs the 96 bytes of an ID block; two calls give different signatures, as ECDSA does. */
export function idAuth(input: {
  readonly block: Buffer
  /** Private P-384 keys: see readSigningKey. */
  readonly idKey: KeyObject
  readonly authorKey?: KeyObject
}): Buffer {
  const { block, idKey, authorKey } = input
  const bytes = Buffer.alloc(ID_AUTH_BYTES)
  const idKeyBytes = snpPublicKey(idKey)
  bytes.writeUInt32LE(ECDSA_P384_SHA384, OFFSET.idKeyAlgorithm)
  snpSign(block, idKey).copy(bytes, OFFSET.blockSignature)
  idKeyBytes.copy(bytes, OFFSET.idKey)
  if (authorKey !== undefined) {
    bytes.writeUInt32LE(ECDSA_P384_SHA384, OFFSET.authorKeyAlgorithm)
    snpSign(idKeyBytes, authorKey).copy(bytes, OFFSET.idKeySignature)
    snpPublicKey(authorKey).copy(bytes, OFFSET.authorKey)
  }
  return bytes
}

/**
 * Reads an ID authentication and verifies both of its signatures, that of the ID block when `block` is given.
 *
 * @throws {CvmError} IDENTITY_INVALID when it has not 4096 bytes.
 */
export function readIdAuth(bytes: Buffer, block?: Buffer): IdAuth {
  if (bytes.length !== ID_AUTH_BYTES) {
    throw new CvmError(
      'IDENTITY_INVALID',
      `an ID authentication has ${ID_AUTH_BYTES} bytes, and this has ${bytes.length}`,
    )
  }
  const idKeyBytes = part(bytes, OFFSET.idKey, SNP_KEY_BYTES)
  const authorKeyBytes = part(bytes, OFFSET.authorKey, SNP_KEY_BYTES)
  const idKey = fromSnpPublicKey(idKeyBytes)
  const hasAuthor = hasAuthorKey(bytes)
  const authorKey = fromSnpPublicKey(authorKeyBytes)

  const blockSignature = bytes.subarray(OFFSET.blockSignature, OFFSET.idKey)
  const blockSignatureHolds = block && idKey && snpVerify(block, blockSignature, idKey)
  const idKeySignature = bytes.subarray(OFFSET.idKeySignature, OFFSET.authorKey)
  const idKeySignatureHolds = hasAuthor ? authorKey && snpVerify(idKeyBytes, idKeySignature, authorKey) : undefined
  const algorithms = [bytes.readUInt32LE(OFFSET.idKeyAlgorithm), bytes.readUInt32LE(OFFSET.authorKeyAlgorithm)]
  const reserved = [part(bytes, 8, 56), part(bytes, 1604, 60), bytes.subarray(OFFSET.tail)]
  return {
    idKeyDigest: snpKeyDigest(idKeyBytes),
    ...(hasAuthor ? { authorKeyDigest: snpKeyDigest(authorKeyBytes) } : {}),
    ...(blockSignatureHolds === undefined ? {} : { blockSignatureHolds }),
    ...(idKeySignatureHolds === undefined ? {} : { idKeySignatureHolds }),
    problems: [
      ...(algorithms[0] === ECDSA_P384_SHA384 ? [] : [`the algorithm of the id key is ${algorithms[0]} and not 1`]),
      ...(hasAuthor && algorithms[1] !== ECDSA_P384_SHA384
        ? [`the algorithm of the author key is ${algorithms[1]} and not 1`]
        : []),
      ...(idKey ? [] : ['the id key is not a point of P-384']),
      ...(hasAuthor && !authorKey ? ['the author key is not a point of P-384'] : []),
      ...(blockSignatureHolds === false ? ['the signature of the ID block does not fit the block and the id key'] : []),
      ...(idKeySignatureHolds === false
        ? ['the signature of the id key does not fit that key and the author key']
        : []),
      ...(reserved.every(isZero) ? [] : ['bytes that must be zero are not']),
    ],
  }
}

/** Whether an author key is in an ID authentication, or a signature with one: then the launch has to say so. */
export function hasAuthorKey(idAuthentication: Buffer): boolean {
  return !isZero(idAuthentication.subarray(OFFSET.idKeySignature, OFFSET.tail))
}

function part(bytes: Buffer, at: number, sizeBytes: number): Buffer {
  return bytes.subarray(at, at + sizeBytes)
}

const ECDSA_P384_SHA384 = 1
const OFFSET = {
  idKeyAlgorithm: 0,
  authorKeyAlgorithm: 4,
  blockSignature: 64,
  idKey: 576,
  idKeySignature: 1664,
  authorKey: 2176,
  tail: 3204,
} as const

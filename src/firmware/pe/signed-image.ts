import { authenticodeDigest, type ImageDigestAlgorithm } from './authenticode-digest.js'
import { type AuthenticodeSignature, readAuthenticodeSignature } from './authenticode-signature.js'
import { type CertificateTable, readCertificateTable } from './certificate-table.js'
import { readPe } from './pe-file.js'

/** A program as Secure Boot sees it. */
export interface SignedImage {
  /** A program without a signature may have a table without one, which is not the same to the firmware. */
  readonly table: CertificateTable['state']
  readonly signatures: readonly EmbeddedSignature[]
  /** Authenticode digest. */
  digest(algorithm: ImageDigestAlgorithm): Buffer
}

export type EmbeddedSignature =
  | { readonly readable: true; readonly signature: AuthenticodeSignature; readonly matchesImage: boolean }
  | { readonly readable: false; readonly why: string }

/** @throws {RangeError} when the bytes are not a PE file. */
export function readSignedImage(bytes: Buffer): SignedImage {
  const file = readPe(bytes)
  const known = new Map<ImageDigestAlgorithm, Buffer>()
  const digest = (algorithm: ImageDigestAlgorithm) => {
    const value = known.get(algorithm) ?? authenticodeDigest(file, algorithm)
    known.set(algorithm, value)
    return value
  }
  const { state, signatures } = readCertificateTable(file)
  return { table: state, digest, signatures: signatures.map((entry) => embedded(entry, digest)) }
}

export function isImageDigest(algorithm: string): algorithm is ImageDigestAlgorithm {
  return ['sha1', 'sha256', 'sha384', 'sha512'].includes(algorithm)
}

function embedded(entry: Buffer, digest: SignedImage['digest']): EmbeddedSignature {
  try {
    const signature = readAuthenticodeSignature(entry)
    if (!isImageDigest(signature.digestAlgorithm))
      return { readable: false, why: `it uses the digest ${signature.digestAlgorithm}` }
    return { readable: true, signature, matchesImage: digest(signature.digestAlgorithm).equals(signature.digest) }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { readable: false, why: error.message }
  }
}

import { createHash } from 'node:crypto'
import type { PeFile } from './pe-file.js'

export type ImageDigestAlgorithm = 'sha1' | 'sha256' | 'sha384' | 'sha512'

/**
 * The Authenticode digest of a PE file, as edk2 computes it: what signatures, db, dbx and measurements name.
 *
 * Left out are the checksum, the directory entry of the certificate table, and that table. Unlike some signing programs the
 * firmware pads nothing, which matters for an unsigned file whose size is not a multiple of 8.
 *
 * Source: Microsoft, Windows Authenticode Portable Executable Signature Format, "Calculating the PE Image Hash"; edk2,
 * DxeImageVerificationLib, HashPeImage().
 */
export function authenticodeDigest(file: PeFile, algorithm: ImageDigestAlgorithm): Buffer {
  const { bytes, checksumAt, certificateEntryAt, certificateTable, headersBytes, sections } = file
  const hash = createHash(algorithm)
  hash.update(bytes.subarray(0, checksumAt))
  if (certificateEntryAt === undefined) {
    hash.update(bytes.subarray(checksumAt + 4, headersBytes))
  } else {
    hash.update(bytes.subarray(checksumAt + 4, certificateEntryAt))
    hash.update(bytes.subarray(certificateEntryAt + 8, headersBytes))
  }
  let hashedBytes = headersBytes
  for (const { offset, size } of [...sections].sort((a, b) => a.offset - b.offset)) {
    hash.update(bytes.subarray(offset, offset + size))
    hashedBytes += size
  }
  const end = bytes.length - certificateTable.size
  if (end > hashedBytes) hash.update(bytes.subarray(hashedBytes, end))
  return hash.digest()
}

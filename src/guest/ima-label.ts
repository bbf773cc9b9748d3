import { createHash } from 'node:crypto'

/**
 * An IMA label (security.ima) for other contents, of the same kind as the one that was there; undefined for a signature, which
 * only its maker could make anew.
 *
 * Source: Linux, security/integrity/integrity.h (IMA_XATTR_DIGEST_NG = 4, then the algorithm), include/uapi/linux/hash_info.h.
 */
export function sameImaLabel(label: string, contents: Buffer): string | undefined {
  const bytes = Buffer.from(label, 'hex')
  const algorithm = bytes[0] === DIGEST_NG ? ALGORITHMS[bytes[1] ?? 0] : undefined
  if (algorithm === undefined) return undefined
  return label.slice(0, 4) + createHash(algorithm).update(contents).digest('hex')
}

const DIGEST_NG = 4
const ALGORITHMS: Readonly<Record<number, string>> = { 2: 'sha1', 4: 'sha256', 5: 'sha384', 6: 'sha512' }

import type { CertificateFacts } from './certificate-facts.js'

/**
 * What speaks against trusting a certificate, as ends of the sentence "the certificate …"; none for a good one.
 *
 * The firmware itself minds none of it: it reads no dates and takes any certificate in db as an anchor.
 */
export function certificateDoubts(certificate: CertificateFacts, now: Date): readonly string[] {
  return RULES.flatMap((rule) => rule(certificate, now) ?? [])
}

type Rule = (certificate: CertificateFacts, now: Date) => string | undefined

const expired: Rule = ({ notAfter }, now) =>
  notAfter < now ? `expired on ${day(notAfter)} (the firmware does not look at dates)` : undefined

const notYetValid: Rule = ({ notBefore }, now) =>
  notBefore > now ? `is not valid before ${day(notBefore)} (the firmware does not look at dates)` : undefined

const weakDigest: Rule = ({ signatureDigest }) =>
  WEAK_DIGESTS.has(signatureDigest)
    ? `is signed with ${signatureDigest.toUpperCase().replace('SHA', 'SHA-')}, which can be forged; make one with SHA-256`
    : undefined

const shortKey: Rule = ({ key }) =>
  key.kind === 'RSA' && key.bits !== undefined && key.bits < MIN_RSA_BITS
    ? `has an RSA key of ${key.bits} bits; ${MIN_RSA_BITS} are the least that is safe`
    : undefined

const otherKey: Rule = ({ key }) =>
  key.kind === 'RSA' ? undefined : `has a key of the kind ${key.kind}; many builds of OVMF verify RSA only`

const RULES: readonly Rule[] = [expired, notYetValid, weakDigest, shortKey, otherKey]

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}

const WEAK_DIGESTS: ReadonlySet<string> = new Set(['md5', 'sha1'])
/** Source: NIST SP 800-131A rev. 2, table 2: 112 bits of strength. */
const MIN_RSA_BITS = 2048

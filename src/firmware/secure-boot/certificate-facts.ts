import { X509Certificate } from 'node:crypto'
import { derChild, derChildren, derOid, readDer, TAG } from '../der.js'

/** What a person, and our rules, want to know of a certificate. */
export interface CertificateFacts {
  readonly der: Buffer
  /** In the order of the certificate: `C=US, O=Example, CN=db`. */
  readonly subject: string
  readonly issuer: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** As `openssl x509 -fingerprint -sha256` prints it: upper case, colons. */
  readonly fingerprintSha256: string
  /** The part that is signed (TBSCertificate); a dbx entry of the kind x509Sha256 names its digest. */
  readonly toBeSigned: Buffer
  /** `sha1`, `sha256`, …: the digest under the issuer's signature; an OID when we do not know it. */
  readonly signatureDigest: string
  readonly key: { readonly kind: string; readonly bits: number | undefined }
}

/** @throws when the bytes are not one DER certificate (what OpenSSL throws, or RangeError). */
export function certificateFacts(der: Buffer): CertificateFacts {
  const outer = readDer(der)
  if (outer.tag !== TAG.sequence || outer.whole.length !== der.length)
    throw new RangeError('not exactly one DER certificate')
  const certificate = new X509Certificate(der)
  const { publicKey } = certificate
  const details = publicKey.asymmetricKeyDetails
  return {
    der,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    fingerprintSha256: certificate.fingerprint256,
    toBeSigned: derChild(outer, 0, TAG.sequence).whole,
    signatureDigest: signatureDigest(der),
    key: { kind: keyName(publicKey.asymmetricKeyType, details?.namedCurve), bits: details?.modulusLength },
  }
}

/** The certificate's name for a sentence: its common name, else the whole subject. */
export function shortName({ subject, fingerprintSha256 }: CertificateFacts): string {
  const commonName = /(?:^|, )CN=(.*?)(?:, [A-Za-z]+=|$)/.exec(subject)?.[1]
  return commonName ?? (subject === '' ? fingerprintSha256 : subject)
}

/** Node gives one attribute per line. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ')
}

function keyName(type: string | undefined, curve: string | undefined): string {
  if (type === 'rsa') return 'RSA'
  return curve ?? type ?? 'unknown'
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }. Source: RFC 5280, 4.1. */
function signatureDigest(der: Buffer): string {
  const algorithm = derChild(readDer(der), 1, TAG.sequence)
  const oid = derOid(derChild(algorithm, 0, TAG.oid))
  if (oid !== RSASSA_PSS) return SIGNATURE_DIGESTS[oid] ?? oid
  // RSASSA-PSS-params ::= SEQUENCE { [0] hashAlgorithm DEFAULT sha1, … }. Source: RFC 4055, 3.1.
  const parameters = derChildren(algorithm)[1]
  const hash = parameters && derChildren(parameters).find(({ tag }) => tag === TAG.context0)
  if (hash === undefined) return 'sha1'
  const hashOid = derOid(derChild(derChild(hash, 0, TAG.sequence), 0, TAG.oid))
  return DIGEST_OF_OID[hashOid] ?? hashOid
}

/** Digest algorithms by their OID. Source: RFC 8017, appendix B.1. */
export const DIGEST_OF_OID: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

const RSASSA_PSS = '1.2.840.113549.1.1.10'
/** Source: RFC 8017, appendix C (1.2.840.113549.1.1.*); RFC 5758, 3.2 (1.2.840.10045.*); RFC 8410 (1.3.101.*). */
const SIGNATURE_DIGESTS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'md5',
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': 'ed25519',
}

/**
 * What stands in an Authenticode signature: the digest that is signed, who signed, which certificates came along.
 *
 *     ContentInfo { signedData, [0] SignedData { version, digestAlgorithms, ContentInfo { SPC_INDIRECT_DATA, [0] SpcIndirectData },
 *       [0] certificates, [1] crls, signerInfos } }
 *     SpcIndirectData { SpcAttributeTypeAndOptionalValue, DigestInfo { algorithm, digest } }
 *
 * Nothing is verified here. Source: RFC 2315, 9; Microsoft, Windows Authenticode Portable Executable Signature Format.
 */
import { type DerValue, derChild, derChildren, derOid, readDer, TAG } from '../der.js'
import { DIGEST_OF_OID } from '../secure-boot/certificate-facts.js'

export interface AuthenticodeSignature {
  /** The whole PKCS#7 message, DER, without the padding behind it. */
  readonly der: Buffer
  /** What the signature covers: SpcIndirectData without tag and length. */
  readonly signedContent: Buffer
  /** Digest of the image as the signer saw it. */
  readonly digest: Buffer
  /** `sha256`, …; an OID when we do not know it. */
  readonly digestAlgorithm: string
  /** DER certificates in the message, signers and those above them. */
  readonly certificates: readonly Buffer[]
  /** DER certificates of those who signed, as far as they came along. */
  readonly signers: readonly Buffer[]
}

/** @throws {RangeError} when the bytes are not an Authenticode signature. */
export function readAuthenticodeSignature(bytes: Buffer): AuthenticodeSignature {
  const message = readDer(bytes)
  if (derOid(derChild(message, 0, TAG.oid)) !== SIGNED_DATA)
    throw new RangeError('the signature is not PKCS#7 signed data')
  const signedData = derChild(derChild(message, 1, TAG.context0), 0, TAG.sequence)
  const parts = derChildren(signedData)
  const contentInfo = derChild(signedData, 2, TAG.sequence)
  if (derOid(derChild(contentInfo, 0, TAG.oid)) !== SPC_INDIRECT_DATA)
    throw new RangeError('the signature is not one of a program (SPC_INDIRECT_DATA)')
  const content = derChild(derChild(contentInfo, 1, TAG.context0), 0, TAG.sequence)
  const digestInfo = derChild(content, 1, TAG.sequence)
  const algorithm = derOid(derChild(derChild(digestInfo, 0, TAG.sequence), 0, TAG.oid))
  const certificates = parts.find(({ tag }) => tag === TAG.context0)
  const signerInfos = parts.slice(3).find(({ tag }) => tag === TAG.set)
  const all = certificates === undefined ? [] : derChildren(certificates).map(({ whole }) => whole)
  return {
    der: message.whole,
    signedContent: content.content,
    digest: derChild(digestInfo, 1, TAG.octetString).content,
    digestAlgorithm: DIGEST_OF_OID[algorithm] ?? algorithm,
    certificates: all,
    signers: signerInfos === undefined ? [] : derChildren(signerInfos).flatMap((info) => signerCertificate(info, all)),
  }
}

/** SignerInfo { version, IssuerAndSerialNumber { issuer, serialNumber }, … } */
function signerCertificate(signerInfo: DerValue, certificates: readonly Buffer[]): readonly Buffer[] {
  const name = derChild(signerInfo, 1, TAG.sequence)
  const issuer = derChild(name, 0, TAG.sequence).whole
  const serialNumber = derChild(name, 1, TAG.integer).whole
  const found = certificates.find((der) => {
    const parts = derChildren(derChild(readDer(der), 0, TAG.sequence))
    // TBSCertificate { [0] version OPTIONAL, serialNumber, signature, issuer, … }. Source: RFC 5280, 4.1.
    const at = parts[0]?.tag === TAG.context0 ? 1 : 0
    return parts[at]?.whole.equals(serialNumber) && parts[at + 2]?.whole.equals(issuer)
  })
  return found === undefined ? [] : [found]
}

const SIGNED_DATA = '1.2.840.113549.1.7.2'
const SPC_INDIRECT_DATA = '1.3.6.1.4.1.311.2.1.4'

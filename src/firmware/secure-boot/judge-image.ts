/**
 * Whether a firmware starts a program, by the rules of edk2.
 *
 * Source: edk2, SecurityPkg/Library/DxeImageVerificationLib, DxeImageVerificationHandler(): the signatures one after the other;
 * for each first dbx (certificates, then digests of certificates), then db, then the digest in dbx, then the digest in db. What
 * dbx refuses once is refused for good. Dates and purposes of certificates do not count, and a certificate in db is trusted
 * whether or not it is a root.
 */
import { createHash } from 'node:crypto'
import type { AuthenticodeSignature } from '../pe/authenticode-signature.js'
import type { EmbeddedSignature, SignedImage } from '../pe/signed-image.js'
import { type CertificateFacts, certificateFacts, shortName } from './certificate-facts.js'
import type { KeyEntry, SecureBootState } from './secure-boot-state.js'

/** Does the signature hold, and lead from its signer up to this certificate? OpenSSL answers; see stages/signature-answers.ts. */
export type IsSignedUnder = (signature: AuthenticodeSignature, certificate: Buffer) => boolean

export interface ImageVerdict {
  readonly accepted: boolean
  /** A sentence: by what it is accepted or refused. */
  readonly reason: string
  /** One sentence for each signature: who signed, whether the digest in it is that of the file. */
  readonly signatures: readonly string[]
}

/** What `judgeImage` will ask. */
export interface SignatureQuestion {
  readonly signature: AuthenticodeSignature
  readonly certificate: Buffer
}

/** All pairs worth asking OpenSSL: a signature that names another digest cannot count, whoever made it. */
export function signatureQuestions(image: SignedImage, { db, dbx }: SecureBootState): readonly SignatureQuestion[] {
  const anchors = [...db, ...dbx].filter(({ kind }) => kind === 'x509').map(({ data }) => data)
  return usable(image).flatMap((signature) =>
    [...anchors, ...signature.signers].map((certificate) => ({ signature, certificate })),
  )
}

/** What a firmware with Secure Boot on does with the program, whatever the state says of it being on. */
export function judgeImage(image: SignedImage, state: SecureBootState, isSignedUnder: IsSignedUnder): ImageVerdict {
  const signatures = image.signatures.map((entry, index) => signatureSentence(entry, index, isSignedUnder))
  const { refused, accepted } =
    image.table === 'none' ? judgeUnsigned(image, state) : judgeSigned(image, state, isSignedUnder)
  if (refused !== undefined) return { accepted: false, reason: refused, signatures }
  if (accepted !== undefined) return { accepted: true, reason: accepted, signatures }
  return { accepted: false, reason: nothingSpeaksForIt(image, isSignedUnder), signatures }
}

/** By what; neither: nothing speaks for the program. */
interface Judgement {
  readonly refused?: string
  readonly accepted?: string
}

function judgeUnsigned(image: SignedImage, { db, dbx }: SecureBootState): Judgement {
  const digest = image.digest('sha256')
  if (hasDigest(dbx, 'sha256', digest)) return { refused: `its SHA-256 digest ${hex(digest)} is in dbx` }
  return hasDigest(db, 'sha256', digest) ? { accepted: `its SHA-256 digest ${hex(digest)} is in db` } : {}
}

function judgeSigned(image: SignedImage, { db, dbx }: SecureBootState, isSignedUnder: IsSignedUnder): Judgement {
  let accepted: string | undefined
  for (const entry of image.signatures) {
    if (!entry.readable) continue
    const { signature, matchesImage } = entry
    const under = ({ kind, data }: KeyEntry) => kind === 'x509' && matchesImage && isSignedUnder(signature, data)
    const forbidding = dbx.find(under)
    if (forbidding !== undefined)
      return { refused: `it is signed under a certificate in dbx: ${nameOf(forbidding.data)}` }
    const revoked = signature.signers.find((der) => isRevoked(dbx, der))
    if (revoked !== undefined) return { refused: `its signer is in dbx: ${nameOf(revoked)}` }
    const anchor = db.find((key) => under(key) && !isRevoked(dbx, key.data))
    if (anchor !== undefined) accepted ??= `it is signed under a certificate in db: ${nameOf(anchor.data)}`
    // Firmware looks for the digest of the file, not for the one that the signature names.
    const algorithm = signature.digestAlgorithm as 'sha256' // `readable` means that it is one of ours
    const digest = image.digest(algorithm)
    const shown = `its ${algorithm.toUpperCase().replace('SHA', 'SHA-')} digest ${hex(digest)}`
    if (hasDigest(dbx, algorithm, digest)) return { refused: `${shown} is in dbx` }
    if (hasDigest(db, algorithm, digest)) accepted ??= `${shown} is in db`
  }
  if (image.table === 'damaged') return { refused: 'its certificate table is damaged' }
  return accepted === undefined ? {} : { accepted }
}

function nothingSpeaksForIt(image: SignedImage, isSignedUnder: IsSignedUnder): string {
  if (image.table !== 'none' && image.signatures.length === 0)
    return 'its certificate table holds no signature of a kind that the firmware knows'
  if (image.signatures.length === 0)
    return `it has no signature, and its SHA-256 digest ${hex(image.digest('sha256'))} is not in db`
  const sound = usable(image).filter((signature) => isSound(signature, isSignedUnder))
  if (sound.length > 0) {
    const names = sound.flatMap((signature) => signature.signers.map(nameOf))
    return `no certificate in db is its signer or stands above it: ${[...new Set(names)].join('; ')}`
  }
  return image.signatures.some((entry) => entry.readable && !entry.matchesImage)
    ? 'the file was changed after it was signed: no signature names its digest'
    : 'no signature of it holds'
}

function signatureSentence(entry: EmbeddedSignature, index: number, isSignedUnder: IsSignedUnder): string {
  const which = `signature ${index + 1}`
  if (!entry.readable) return `${which}: cannot be read: ${entry.why}`
  const { signature, matchesImage } = entry
  const signers = signature.signers.map(nameAndIssuer)
  const by = signers.length === 0 ? 'by a signer whose certificate is not in it' : `by ${signers.join(' and ')}`
  if (!matchesImage) return `${which}: ${by}, for another file: it names the digest ${hex(signature.digest)}`
  const state = isSound(signature, isSignedUnder)
    ? 'holds for this file'
    : 'does not hold: it was not made with that key'
  return `${which}: ${by}; ${signature.digestAlgorithm}; ${state}`
}

function isSound(signature: AuthenticodeSignature, isSignedUnder: IsSignedUnder): boolean {
  return signature.signers.length > 0 && signature.signers.every((der) => isSignedUnder(signature, der))
}

function usable({ signatures }: SignedImage): readonly AuthenticodeSignature[] {
  return signatures.flatMap((entry) => (entry.readable && entry.matchesImage ? [entry.signature] : []))
}

function hasDigest(entries: readonly KeyEntry[], kind: string, digest: Buffer): boolean {
  return entries.some((entry) => entry.kind === kind && entry.data.equals(digest))
}

/** The digest of its TBSCertificate is in dbx. One with a date refuses too: without dbt there is no time stamp that could save it. */
export function isRevoked(dbx: readonly KeyEntry[], der: Buffer): boolean {
  const facts = factsOf(der)
  if (facts === undefined) return false
  return REVOKING.some(([kind, algorithm]) => {
    const digest = createHash(algorithm).update(facts.toBeSigned).digest()
    return dbx.some((entry) => entry.kind === kind && entry.data.subarray(0, digest.length).equals(digest))
  })
}

function factsOf(der: Buffer): CertificateFacts | undefined {
  try {
    return certificateFacts(der)
  } catch {
    return undefined
  }
}

function nameOf(der: Buffer): string {
  const facts = factsOf(der)
  return facts === undefined ? 'a certificate that cannot be read' : shortName(facts)
}

function nameAndIssuer(der: Buffer): string {
  const facts = factsOf(der)
  if (facts === undefined || facts.subject === facts.issuer) return nameOf(der)
  return `${shortName(facts)} (issued by ${/CN=([^,]*)/.exec(facts.issuer)?.[1] ?? facts.issuer})`
}

function hex(digest: Buffer): string {
  return digest.toString('hex')
}

const REVOKING = [
  ['x509Sha256', 'sha256'],
  ['x509Sha384', 'sha384'],
  ['x509Sha512', 'sha512'],
] as const

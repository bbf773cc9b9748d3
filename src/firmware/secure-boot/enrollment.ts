/**
 * Which variables to set so that a firmware checks what it starts against given keys.
 *
 * PK, KEK, db and dbx are lists of signatures with a time stamp; OVMF then wants SecureBootEnable on and CustomMode off. shim
 * reads MokList. What is asked for is set as a whole; every other variable stays.
 */
import { SHA256_OF_NOTHING } from '../decode/describe-signatures.js'
import {
  type Signature,
  type SignatureKind,
  type SignatureList,
  signatureList,
  writeSignatureLists,
} from '../decode/signature-list.js'
import { writeSwitch } from '../decode/simple-values.js'
import { applyEdits, editsToSet } from '../edit-variables.js'
import { findVariable } from '../named-variable.js'
import type { FirmwareVariable } from '../variable.js'
import { type CertificateFacts, certificateFacts, shortName } from './certificate-facts.js'
import { KEY_VARIABLE, type VariablePlace } from './key-variables.js'
import { secureBootState } from './secure-boot-state.js'

/** What a person asks for; an empty list leaves that variable as it is. */
export interface EnrollmentWish {
  readonly pk: CertificateFacts | undefined
  readonly kek: readonly CertificateFacts[]
  readonly db: readonly CertificateFacts[]
  readonly dbx: readonly DbxWish[]
  readonly mok: readonly CertificateFacts[]
  /** Behind ours in KEK and db, with the owners that they have. */
  readonly microsoft: MicrosoftKeys
  /** GUID that our entries carry; the firmware gives it no meaning. */
  readonly owner: string
}

export type DbxWish =
  | { readonly kind: 'sha256' | 'sha384' | 'sha512'; readonly digest: Buffer }
  | { readonly kind: 'x509'; readonly certificate: CertificateFacts }
  /** Taken as it is, owners included. */
  | { readonly kind: 'list'; readonly list: SignatureList }

/** Entries with one certificate each. */
export interface MicrosoftKeys {
  readonly kek: readonly Signature[]
  readonly db: readonly Signature[]
}

export interface Enrollment {
  /** In the order in which they are told; complete. */
  readonly set: readonly FirmwareVariable[]
  /** All variables of the store afterwards. */
  readonly after: readonly FirmwareVariable[]
  /** Why it would not do what was meant; sentences. Then nothing may be written. */
  readonly problems: readonly string[]
  readonly notes: readonly string[]
}

/** Pure: the same wish and the same store give the same bytes. @throws {RangeError} when keys in the store are damaged. */
export function planEnrollment(wish: EnrollmentWish, present: readonly FirmwareVariable[]): Enrollment {
  const set = [...keyVariables(wish, present), ...mokVariables(wish)]
  const after = applyEdits(present, editsToSet(set))
  return { set, after, problems: problemsOf(wish, after), notes: notesOf(wish, after) }
}

function keyVariables(wish: EnrollmentWish, present: readonly FirmwareVariable[]): readonly FirmwareVariable[] {
  if (!asksForKeys(wish)) return []
  const { owner, microsoft } = wish
  const own = (certificate: CertificateFacts): Signature => ({ owner, data: certificate.der })
  const hasDbx = hasContents(present, KEY_VARIABLE.dbx)
  return [
    ...certificateVariable(KEY_VARIABLE.PK, wish.pk === undefined ? [] : [own(wish.pk)]),
    ...certificateVariable(KEY_VARIABLE.KEK, [...wish.kek.map(own), ...microsoft.kek]),
    ...certificateVariable(KEY_VARIABLE.db, [...wish.db.map(own), ...microsoft.db]),
    ...(wish.dbx.length === 0 && hasDbx ? [] : [signed(KEY_VARIABLE.dbx, dbxData(wish))]),
    { ...KEY_VARIABLE.SecureBootEnable, data: writeSwitch(true) },
    { ...KEY_VARIABLE.CustomMode, data: writeSwitch(false) },
  ]
}

function mokVariables({ mok, owner }: EnrollmentWish): readonly FirmwareVariable[] {
  if (mok.length === 0) return []
  const data = certificateLists(mok.map(({ der }) => ({ owner, data: der })))
  return [{ ...KEY_VARIABLE.MokList, data }]
}

function certificateVariable(place: VariablePlace, signatures: readonly Signature[]): readonly FirmwareVariable[] {
  return signatures.length === 0 ? [] : [signed(place, certificateLists(signatures))]
}

/** One list for each, since the entries of one list have one length; the order given is kept, because it is measured. */
function certificateLists(signatures: readonly Signature[]): Buffer {
  const once = signatures.filter(
    ({ data }, index) => signatures.findIndex((other) => other.data.equals(data)) === index,
  )
  return writeSignatureLists(once.map((signature) => signatureList('x509', [signature])))
}

/** Digests of one kind share a list, as the firmware itself writes them; without any wish a filler that refuses nothing. */
function dbxData({ dbx, owner }: EnrollmentWish): Buffer {
  if (dbx.length === 0)
    return writeSignatureLists([signatureList('sha256', [{ owner, data: Buffer.from(SHA256_OF_NOTHING, 'hex') }])])
  const digests = (kind: SignatureKind) => {
    const all = dbx.flatMap((wish) => (wish.kind === kind && 'digest' in wish ? [wish.digest.toString('hex')] : []))
    const signatures = [...new Set(all)].map((digest) => ({ owner, data: Buffer.from(digest, 'hex') }))
    return signatures.length === 0 ? [] : [signatureList(kind, signatures)]
  }
  const certificates = dbx.flatMap((wish) => (wish.kind === 'x509' ? [wish.certificate] : []))
  return writeSignatureLists([
    ...digests('sha256'),
    ...digests('sha384'),
    ...digests('sha512'),
    ...certificates.map(({ der }) => signatureList('x509', [{ owner, data: der }])),
    ...dbx.flatMap((wish) => (wish.kind === 'list' ? [wish.list] : [])),
  ])
}

function signed(place: VariablePlace, data: Buffer): FirmwareVariable {
  return { ...place, data, time: ENROLLED_AT }
}

function problemsOf(wish: EnrollmentWish, after: readonly FirmwareVariable[]): readonly string[] {
  if (!asksForKeys(wish)) return asksForNothing(wish) ? ['nothing to enroll was given'] : []
  const { on, db, dbx } = secureBootState(after)
  const refusedKeys = db.filter(
    ({ kind, data }) => kind === 'x509' && dbx.some((entry) => entry.kind === 'x509' && entry.data.equals(data)),
  )
  return [
    ...(on ? [] : ['without a PK the firmware stays in setup mode and checks nothing; give one with --pk']),
    ...(db.length > 0 ? [] : ['db would be empty: the firmware would start nothing; give a certificate with --db']),
    ...refusedKeys.map(({ data }) => `dbx refuses what db trusts: ${nameOf(data)} is in both`),
  ]
}

function notesOf(wish: EnrollmentWish, after: readonly FirmwareVariable[]): readonly string[] {
  const { on, whyOff } = secureBootState(after)
  const hasKek = hasContents(after, KEY_VARIABLE.KEK)
  return [
    ...(asksForKeys(wish) && !hasKek ? ['there is no KEK, so nobody can update db and dbx with a signed update'] : []),
    ...(wish.mok.length > 0 && !on ? [`Secure Boot is off in this store: ${whyOff}; shim then checks nothing`] : []),
  ]
}

function hasContents(variables: readonly FirmwareVariable[], place: VariablePlace): boolean {
  return (findVariable(variables, place)?.data.length ?? 0) > 0
}

function asksForKeys({ pk, kek, db, dbx, microsoft }: EnrollmentWish): boolean {
  return pk !== undefined || [kek, db, dbx, microsoft.kek, microsoft.db].some((list) => list.length > 0)
}

function asksForNothing(wish: EnrollmentWish): boolean {
  return !asksForKeys(wish) && wish.mok.length === 0
}

function nameOf(der: Buffer): string {
  try {
    return shortName(certificateFacts(der))
  } catch {
    return 'a certificate that cannot be read'
  }
}

/**
 * EFI_TIME 2010-01-01 00:00:00. Always the same, so that the same keys give the same bytes and measurements; older than any
 * signed update of dbx (Microsoft's carry 2010-03-06), which a later time stamp would refuse.
 */
export const ENROLLED_AT = Buffer.from('da070101000000000000000000000000', 'hex')

/** The owner of entries when none is given: the name-based GUID (RFC 9562, version 5, name space DNS) of "cvm-image-rewriter". */
export const DEFAULT_OWNER = 'bb685424-ca45-57cb-9124-509fc7c81ef1'

import { editsToSet } from '../firmware/edit-variables.js'
import { readContents } from '../firmware/firmware-contents.js'
import { certificateDoubts } from '../firmware/secure-boot/certificate-doubts.js'
import { type CertificateFacts, certificateFacts, shortName } from '../firmware/secure-boot/certificate-facts.js'
import { readCertificateFile } from '../firmware/secure-boot/certificate-file.js'
import {
  type DbxWish,
  type Enrollment,
  type MicrosoftKeys,
  planEnrollment,
} from '../firmware/secure-boot/enrollment.js'
import { MICROSOFT_STORE, microsoftKeys } from '../firmware/secure-boot/microsoft-keys.js'
import { signatureFile } from '../firmware/secure-boot/signature-file.js'
import type { FirmwareVariable } from '../firmware/variable.js'
import { CvmError } from '../model/errors.js'
import { type ChooseEdits, editFirmware, type FirmwareEdit, type FirmwareEditRequest } from './edit-firmware.js'
import { LARGEST_FIRMWARE_BYTES } from './firmware-file.js'
import { keyState } from './key-state.js'
import { assertNoInput } from './output-place.js'
import { LARGEST_KEY_FILE_BYTES, wholeFile } from './whole-file.js'

/** The keys that are asked for. */
export interface KeyRequest {
  /** Files with one certificate each. */
  readonly pk: string | undefined
  readonly kek: readonly string[]
  readonly db: readonly string[]
  readonly mok: readonly string[]
  /** Digests in hex, programs, certificates, files of signature lists. */
  readonly dbx: readonly string[]
  readonly microsoft: boolean
  readonly owner: string
  readonly now: Date
}

export interface EnrollRequest extends FirmwareEditRequest, KeyRequest {
  /** Programs that the result must accept. */
  readonly bootLoaders: readonly string[]
  /** Write although a certificate is doubtful. */
  readonly acceptDoubts: boolean
}

export interface Enrolled {
  readonly edit: FirmwareEdit
  readonly notes: readonly string[]
  /** Programs of `bootLoaders` with the reason for which they are accepted. */
  readonly accepted: readonly string[]
}

/**
 * Writes a copy of a firmware file with the keys enrolled. Everything is checked before anything is written.
 *
 * @throws {CvmError} KEYS_REFUSED with all problems; FIRMWARE_MISSING without Microsoft's keys; as editFirmware; INPUT_* and
 * EFI_FILE_INVALID of what is to go into dbx and of boot loaders.
 */
export async function enrollKeys(request: EnrollRequest, signal: AbortSignal): Promise<Enrolled> {
  await assertNoInput(request.output, keyFilesOf(request))
  const found: Found = { problems: [], missing: [], doubts: [], notes: [] }
  const accepted: string[] = []
  const choose: ChooseEdits = async (before) => {
    keyState(before, request.file)
    const enrollment = await readEnrollment(request, before, found)
    if (found.problems.length === 0) found.problems.push(...enrollment.problems)
    if (found.problems.length === 0) accepted.push(...(await checkBootLoaders(request, enrollment, found, signal)))
    const refused = [...found.problems, ...(request.acceptDoubts ? [] : found.doubts)]
    if (refused.length > 0) throw refusal(refused, found)
    found.notes.push(...enrollment.notes)
    return editsToSet(enrollment.set)
  }
  const edit = await editFirmware(request, choose, signal)
  return { edit, notes: [...found.doubts, ...found.notes], accepted }
}

function keyFilesOf({ pk, kek, db, dbx, mok, bootLoaders }: EnrollRequest): readonly (readonly [string, string])[] {
  const named = { '--pk': pk === undefined ? [] : [pk], '--kek': kek, '--db': db, '--dbx': dbx, '--mok': mok }
  const all = Object.entries({ ...named, '--boot-loader': bootLoaders })
  return all.flatMap(([option, paths]) => paths.map((path) => [option, path] as const))
}

/** Collected, so that all come at once. */
export interface Found {
  readonly problems: string[]
  /** Of problems that are files which are not there. */
  readonly missing: CvmError[]
  /** What --accept-doubts lets pass. */
  readonly doubts: string[]
  readonly notes: string[]
}

/**
 * What the keys would make of these variables; problems with the files are collected.
 *
 * @throws {CvmError} FIRMWARE_MISSING without Microsoft's keys; INPUT_* and EFI_FILE_INVALID of what is to go into dbx.
 */
export async function readEnrollment(
  request: KeyRequest,
  before: readonly FirmwareVariable[],
  found: Found,
): Promise<Enrollment> {
  const certificates = async (option: string, paths: readonly string[]): Promise<readonly CertificateFacts[]> => {
    const all: CertificateFacts[] = []
    for (const path of paths) {
      const bytes = await keyFile(option, path, found, LARGEST_KEY_FILE_BYTES)
      const certificate = bytes && certificateIn(`${option} ${path}`, bytes, request.now, found)
      if (certificate !== undefined) all.push(certificate)
    }
    return all
  }
  const [pk] = await certificates('--pk', request.pk === undefined ? [] : [request.pk])
  const kek = await certificates('--kek', request.kek)
  const db = await certificates('--db', request.db)
  const mok = await certificates('--mok', request.mok)
  const dbx: DbxWish[] = []
  for (const given of request.dbx) dbx.push(...(await dbxWishes(given, request.now, found)))
  const microsoft = request.microsoft ? await microsoftFromHost(request.now) : NOTHING
  found.notes.push(...microsoft.notes)
  return planEnrollment({ pk, kek, db, mok, dbx, microsoft: microsoft.keys, owner: request.owner }, before)
}

/** A file that is not there is one of the problems, told with the others. */
async function keyFile(
  option: string,
  path: string,
  { problems, missing }: Found,
  maxBytes?: number,
): Promise<Buffer | undefined> {
  try {
    return await wholeFile(path, maxBytes)
  } catch (error) {
    if (!(error instanceof CvmError)) throw error
    problems.push(`${option}: ${error.message}`)
    if (error.code === 'INPUT_NOT_FOUND') missing.push(error)
    return undefined
  }
}

function certificateIn(
  what: string,
  bytes: Buffer,
  now: Date,
  { problems, doubts }: Found,
): CertificateFacts | undefined {
  const reading = readCertificateFile(bytes)
  if (!reading.ok) {
    problems.push(`${what}: the file ${reading.problem}`)
    return undefined
  }
  for (const doubt of certificateDoubts(reading.certificate, now)) doubts.push(`${what}: the certificate ${doubt}`)
  return reading.certificate
}

/** One --dbx: a digest, a program (its digest, and those that its signatures use), a list of either, or a certificate, which may be an old one. */
async function dbxWishes(given: string, now: Date, found: Found): Promise<readonly DbxWish[]> {
  const kind = /^[0-9a-f]+$/i.test(given) ? DIGEST_KINDS[given.length] : undefined
  if (kind !== undefined) return [{ kind, digest: Buffer.from(given, 'hex') }]
  const bytes = await keyFile('--dbx', given, found)
  if (bytes === undefined) return []
  if (bytes.toString('latin1', 0, 2) === 'MZ') {
    const { signedImage } = await loadJudge()
    const image = signedImage(bytes, given)
    const used = image.signatures.flatMap((entry) => (entry.readable ? [entry.signature.digestAlgorithm] : []))
    const kinds = (['sha256', 'sha384', 'sha512'] as const).filter((name) => name === 'sha256' || used.includes(name))
    return kinds.map((name) => ({ kind: name, digest: image.digest(name) }))
  }
  const lists = signatureFile(bytes)?.lists
  if (lists !== undefined && lists.length > 0) return lists.map((list) => ({ kind: 'list', list }))
  // What is refused may be expired or weak.
  const certificate = certificateIn(`--dbx ${given}`, bytes, now, { ...found, doubts: [] })
  return certificate === undefined ? [] : [{ kind: 'x509', certificate }]
}

/** Their dates are told, never a reason to stop: they are what the world's boot loaders are signed with. */
async function microsoftFromHost(now: Date): Promise<MicrosoftReading> {
  const file = await wholeFile(MICROSOFT_STORE, LARGEST_FIRMWARE_BYTES).catch((cause: unknown) => {
    throw new CvmError('FIRMWARE_MISSING', "Microsoft's certificates are not on this machine", {
      why: `they are read from ${MICROSOFT_STORE}, which is not there`,
      next: 'apt-get install ovmf (Debian, Ubuntu), or give the certificates themselves with --kek and --db',
      cause,
    })
  })
  const keys = microsoftKeys(readContents(file).variables)
  if (keys.db.length === 0)
    throw new CvmError('FIRMWARE_MISSING', `${MICROSOFT_STORE} holds no certificate of Microsoft in db`)
  return { keys, notes: [...keys.kek, ...keys.db].flatMap(({ data }) => datesTold(data, now)) }
}

interface MicrosoftReading {
  readonly keys: MicrosoftKeys
  readonly notes: readonly string[]
}

function datesTold(der: Buffer, now: Date): readonly string[] {
  const certificate = certificateFacts(der)
  return certificateDoubts(certificate, now).map((doubt) => `${shortName(certificate)} ${doubt}`)
}

async function checkBootLoaders(
  { bootLoaders }: EnrollRequest,
  { after }: Enrollment,
  found: Found,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (bootLoaders.length === 0) return []
  const { judgeWith, signedImage } = await loadJudge()
  const state = keyState(after, 'the result')
  const accepted: string[] = []
  for (const path of bootLoaders) {
    const verdict = await judgeWith(signedImage(await wholeFile(path), path), state, signal)
    if (verdict.accepted) accepted.push(`${path}: ${verdict.reason}`)
    else found.problems.push(`--boot-loader ${path} would be refused: ${verdict.reason}`)
  }
  return accepted
}

/** What looks into programs, and runs OpenSSL, takes longer to load than all else here, and most enrollments do not need it. */
async function loadJudge() {
  return await import('./firmware-verify.js')
}

function refusal(refused: readonly string[], { problems }: Found): CvmError {
  const onlyDoubts = problems.length === 0
  const [first = ''] = refused
  return new CvmError('KEYS_REFUSED', refused.length === 1 ? first : `${refused.length} problems with the keys`, {
    ...(refused.length === 1 ? {} : { lines: refused }),
    next: onlyDoubts
      ? 'Give better certificates, or say --accept-doubts; nothing was written.'
      : 'Give other files; nothing was written.',
  })
}

const NOTHING: MicrosoftReading = { keys: { kek: [], db: [] }, notes: [] }
const DIGEST_KINDS: Readonly<Record<number, 'sha256' | 'sha384' | 'sha512'>> = {
  64: 'sha256',
  96: 'sha384',
  128: 'sha512',
}

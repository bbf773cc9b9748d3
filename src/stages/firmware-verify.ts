import { readSignedImage, type SignedImage } from '../firmware/pe/signed-image.js'
import { type ImageVerdict, judgeImage, signatureQuestions } from '../firmware/secure-boot/judge-image.js'
import { type SecureBootState, secureBootState } from '../firmware/secure-boot/secure-boot-state.js'
import { CvmError } from '../model/errors.js'
import { openFirmware } from './firmware-file.js'
import { wholeFile } from './whole-file.js'

export interface Verification {
  /** What a firmware with Secure Boot on and these keys does. */
  readonly verdict: ImageVerdict
  /** Why this store checks nothing: then it starts every program. */
  readonly whyOff: string | undefined
  /** Authenticode digests, hex. */
  readonly sha256: string
  readonly sha384: string
  /** How many certificates of db and dbx the signatures were tried against. */
  readonly anchors: { readonly db: number; readonly dbx: number }
}

/**
 * What a firmware with this variable store does with a program.
 *
 * @throws {CvmError} EFI_FILE_INVALID; as openFirmware; KEYS_REFUSED for a damaged db or dbx; TOOL_MISSING, TOOL_FAILED.
 */
export async function verifyProgram(efiPath: string, storePath: string, signal: AbortSignal): Promise<Verification> {
  const image = signedImage(await wholeFile(efiPath), efiPath)
  const { contents } = await openFirmware(storePath, signal)
  return await judgeWith(image, stateOf(contents.variables, storePath), signal)
}

export async function judgeWith(
  image: SignedImage,
  state: SecureBootState,
  signal: AbortSignal,
): Promise<Verification> {
  // What runs programs takes longer to load than all else here, and most enrollments do not need it.
  const { signatureAnswers } = await import('./signature-answers.js')
  const answers = await signatureAnswers(signatureQuestions(image, state), signal)
  const certificates = (entries: SecureBootState['db']) => entries.filter(({ kind }) => kind === 'x509').length
  return {
    verdict: judgeImage(image, state, answers),
    whyOff: state.whyOff,
    sha256: image.digest('sha256').toString('hex'),
    sha384: image.digest('sha384').toString('hex'),
    anchors: { db: certificates(state.db), dbx: certificates(state.dbx) },
  }
}

/** @throws {CvmError} EFI_FILE_INVALID. */
export function signedImage(bytes: Buffer, path: string): SignedImage {
  try {
    return readSignedImage(bytes)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CvmError('EFI_FILE_INVALID', `${path} is not a UEFI program`, { why: error.message, cause: error })
  }
}

/** @throws {CvmError} KEYS_REFUSED. */
export function stateOf(variables: Parameters<typeof secureBootState>[0], path: string): SecureBootState {
  try {
    return secureBootState(variables)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CvmError('KEYS_REFUSED', `the keys in ${path} cannot be read`, { why: error.message, cause: error })
  }
}

import { readSignedImage, type SignedImage } from '../firmware/pe/signed-image.js'
import { type ImageVerdict, judgeImage, signatureQuestions } from '../firmware/secure-boot/judge-image.js'
import type { SecureBootState } from '../firmware/secure-boot/secure-boot-state.js'
import { CvmError } from '../model/errors.js'
import { openFirmware } from './firmware-file.js'
import { keyState } from './key-state.js'
import { signatureAnswers } from './signature-answers.js'
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
  const state = keyState(contents.variables, storePath)
  const certificates = (entries: SecureBootState['db']) => entries.filter(({ kind }) => kind === 'x509').length
  return {
    verdict: await judgeWith(image, state, signal),
    whyOff: state.whyOff,
    sha256: image.digest('sha256').toString('hex'),
    sha384: image.digest('sha384').toString('hex'),
    anchors: { db: certificates(state.db), dbx: certificates(state.dbx) },
  }
}

/** judgeImage, with OpenSSL's answers. @throws {CvmError} as signatureAnswers. */
export async function judgeWith(
  image: SignedImage,
  state: SecureBootState,
  signal: AbortSignal,
): Promise<ImageVerdict> {
  return judgeImage(image, state, await signatureAnswers(signatureQuestions(image, state), signal))
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

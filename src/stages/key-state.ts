import { type SecureBootState, secureBootState } from '../firmware/secure-boot/secure-boot-state.js'
import type { FirmwareVariable } from '../firmware/variable.js'
import { CvmError } from '../model/errors.js'

/**
 * What the keys among these variables mean.
 *
 * @param path where they are from, for the message
 * @throws {CvmError} KEYS_REFUSED for a damaged db or dbx.
 */
export function keyState(variables: readonly FirmwareVariable[], path: string): SecureBootState {
  try {
    return secureBootState(variables)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CvmError('KEYS_REFUSED', `the keys in ${path} cannot be read`, { why: error.message, cause: error })
  }
}

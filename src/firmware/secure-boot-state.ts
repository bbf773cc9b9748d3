import type { FirmwareVariable } from './variable.js'
import { GUID } from './variable.js'

export interface SecureBootState {
  /** What the guest will read as SecureBoot, if its firmware was built for Secure Boot. */
  readonly on: boolean
  readonly sentence: string
}

/**
 * What firmware that was built for Secure Boot makes of these variables.
 *
 * Source: edk2, SecurityPkg/Library/AuthVariableLib/AuthVariableLib.c: without a PK it is set-up mode; with
 * one an absent SecureBootEnable is made, as 1.
 */
export function secureBootState(variables: readonly FirmwareVariable[]): SecureBootState {
  const has = (name: string, guid: string) => variables.some((each) => each.name === name && each.guid === guid)
  if (!has('PK', GUID.global)) {
    const keys = has('db', GUID.imageSecurity) ? ', although a db is there' : ''
    return { on: false, sentence: `Secure Boot is off: no platform key (PK) is enrolled${keys}.` }
  }
  const enable = variables.find(({ name, guid }) => name === 'SecureBootEnable' && guid === SECURE_BOOT_ENABLE_GUID)
  if (enable !== undefined && enable.data[0] !== 1) {
    return { on: false, sentence: 'Secure Boot is off: keys are enrolled, and SecureBootEnable is 0.' }
  }
  const why = enable === undefined ? 'SecureBootEnable is absent, so the firmware makes it 1' : 'SecureBootEnable is 1'
  const db = has('db', GUID.imageSecurity) ? '' : ' There is no db, so it starts nothing.'
  return { on: true, sentence: `Secure Boot is on: a platform key (PK) is enrolled and ${why}.${db}` }
}

/** gEfiSecureBootEnableDisableGuid. */
export const SECURE_BOOT_ENABLE_GUID = 'f0a30bc7-af08-4556-99c4-001009c93a44'

import { findVariable } from '../named-variable.js'
import type { FirmwareVariable } from '../variable.js'
import { KEY_VARIABLE, type VariablePlace } from './key-variables.js'

/** Whether a firmware checks what it starts. */
export interface SecureBootMode {
  /** What the guest will read as SecureBoot, if its firmware was built for Secure Boot. */
  readonly on: boolean
  /** Absent when it is on. */
  readonly whyOff?: string
  /** The same for a person. */
  readonly sentence: string
}

/**
 * What firmware that was built for Secure Boot makes of these variables.
 *
 * Without a PK it is in setup mode. With one, 1 in SecureBootEnable is on and every other value is off; an absent one is made, as 1.
 * CustomMode has no part in it. Source: edk2, SecurityPkg/Library/AuthVariableLib/AuthVariableLib.c, AuthVariableLibInitialize().
 */
export function secureBootMode(variables: readonly FirmwareVariable[]): SecureBootMode {
  const find = (place: VariablePlace) => findVariable(variables, place)
  const hasDb = find(KEY_VARIABLE.db) !== undefined
  if (find(KEY_VARIABLE.PK) === undefined) {
    return off(`no platform key (PK) is enrolled${hasDb ? ', although a db is there' : ''}`)
  }
  const enable = find(KEY_VARIABLE.SecureBootEnable)?.data
  if (enable !== undefined && enable[0] !== ON) return off(`keys are enrolled, and SecureBootEnable is ${enable[0]}`)
  const why = enable === undefined ? 'SecureBootEnable is absent, so the firmware makes it 1' : 'SecureBootEnable is 1'
  const db = hasDb ? '' : ' There is no db, so it starts nothing.'
  return { on: true, sentence: `Secure Boot is on: a platform key (PK) is enrolled and ${why}.${db}` }
}

function off(whyOff: string): SecureBootMode {
  return { on: false, whyOff, sentence: `Secure Boot is off: ${whyOff}.` }
}

/** SECURE_BOOT_ENABLE. */
const ON = 1

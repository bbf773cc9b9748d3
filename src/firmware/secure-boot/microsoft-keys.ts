import { MICROSOFT_OWNER } from '../decode/describe-signatures.js'
import type { FirmwareVariable } from '../variable.js'
import type { MicrosoftKeys } from './enrollment.js'
import { KEY_VARIABLE, type VariablePlace } from './key-variables.js'
import { keyEntries } from './secure-boot-state.js'

/**
 * Where Debian and Ubuntu (package ovmf) keep a store with Microsoft's keys. They are read there when they are needed; this
 * program carries no copy.
 */
export const MICROSOFT_STORE = '/usr/share/OVMF/OVMF_VARS_4M.ms.fd'

/** Microsoft's certificates in KEK and db of a store, known by their owner. @throws {RangeError} when the lists are damaged. */
export function microsoftKeys(variables: readonly FirmwareVariable[]): MicrosoftKeys {
  const certificates = (place: VariablePlace) =>
    keyEntries(variables, place)
      .filter(({ kind, owner }) => kind === 'x509' && owner === MICROSOFT_OWNER)
      .map(({ owner, data }) => ({ owner, data }))
  return { kek: certificates(KEY_VARIABLE.KEK), db: certificates(KEY_VARIABLE.db) }
}

import { readSignatureLists, type Signature, type SignatureKind, signatureKind } from '../decode/signature-list.js'
import type { FirmwareVariable } from '../variable.js'
import { isSameVariable, KEY_VARIABLE, type VariablePlace } from './key-variables.js'

/** What the variables of a store mean to a firmware that is about to start a program. */
export interface SecureBootState {
  /** The firmware checks programs: there is a PK, and Secure Boot was not switched off. */
  readonly on: boolean
  /** Why it is off. */
  readonly whyOff?: string
  readonly db: readonly KeyEntry[]
  readonly dbx: readonly KeyEntry[]
}

export interface KeyEntry extends Signature {
  /** Undefined for a kind that we do not know; the firmware skips those, too. */
  readonly kind: SignatureKind | undefined
}

/** @throws {RangeError} when db or dbx are damaged. */
export function secureBootState(variables: readonly FirmwareVariable[]): SecureBootState {
  const find = (place: VariablePlace) => variables.find((variable) => isSameVariable(variable, place))
  const entries = (place: VariablePlace) => keyEntries(find(place)?.data ?? Buffer.alloc(0))
  const hasPk = (find(KEY_VARIABLE.PK)?.data.length ?? 0) > 0
  // Absent: the firmware makes it, switched on, as soon as there is a PK. Source: edk2, AuthVariableLib, InitSecureBootVariables().
  const switchedOff = find(KEY_VARIABLE.SecureBootEnable)?.data[0] === 0
  const whyOff = hasPk ? (switchedOff ? 'SecureBootEnable is 0' : undefined) : 'there is no PK (setup mode)'
  return {
    on: whyOff === undefined,
    ...(whyOff === undefined ? {} : { whyOff }),
    db: entries(KEY_VARIABLE.db),
    dbx: entries(KEY_VARIABLE.dbx),
  }
}

/** All entries of all lists. @throws {RangeError} */
export function keyEntries(data: Buffer): readonly KeyEntry[] {
  return readSignatureLists(data).flatMap(({ type, signatures }) =>
    signatures.map((signature) => ({ ...signature, kind: signatureKind(type) })),
  )
}

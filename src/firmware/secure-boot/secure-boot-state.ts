import { readSignatureLists, type Signature, type SignatureKind, signatureKind } from '../decode/signature-list.js'
import type { FirmwareVariable } from '../variable.js'
import { isSameVariable, KEY_VARIABLE, type VariablePlace } from './key-variables.js'
import { type SecureBootMode, secureBootMode } from './secure-boot-mode.js'

/** What the variables of a store mean to a firmware that is about to start a program. */
export interface SecureBootState extends Pick<SecureBootMode, 'on' | 'whyOff'> {
  readonly db: readonly KeyEntry[]
  readonly dbx: readonly KeyEntry[]
}

export interface KeyEntry extends Signature {
  /** Undefined for a kind that we do not know; the firmware skips those, too. */
  readonly kind: SignatureKind | undefined
}

/** @throws {RangeError} when db or dbx are damaged. */
export function secureBootState(variables: readonly FirmwareVariable[]): SecureBootState {
  const entries = (place: VariablePlace) =>
    keyEntries(variables.find((variable) => isSameVariable(variable, place))?.data ?? Buffer.alloc(0))
  const { on, whyOff } = secureBootMode(variables)
  return {
    on,
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

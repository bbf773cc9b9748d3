import { readSignatureLists, type Signature, type SignatureKind, signatureKind } from '../decode/signature-list.js'
import { findVariable } from '../named-variable.js'
import type { FirmwareVariable } from '../variable.js'
import { KEY_VARIABLE, type VariablePlace } from './key-variables.js'
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
  const { on, whyOff } = secureBootMode(variables)
  return {
    on,
    ...(whyOff === undefined ? {} : { whyOff }),
    db: keyEntries(variables, KEY_VARIABLE.db),
    dbx: keyEntries(variables, KEY_VARIABLE.dbx),
  }
}

/** All entries of all lists in a variable; none when it is not there. @throws {RangeError} when they are damaged. */
export function keyEntries(variables: readonly FirmwareVariable[], place: VariablePlace): readonly KeyEntry[] {
  const data = findVariable(variables, place)?.data ?? Buffer.alloc(0)
  return readSignatureLists(data).flatMap(({ type, signatures }) =>
    signatures.map((signature) => ({ ...signature, kind: signatureKind(type) })),
  )
}

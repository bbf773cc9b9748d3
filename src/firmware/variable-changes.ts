import { variableKey } from './named-variable.js'
import type { StoredVariable } from './store-types.js'
import { byNameAndGuid } from './write-store.js'

/** What differs between two lists of variables, each in order of name and GUID. */
export interface VariableChanges {
  readonly added: readonly StoredVariable[]
  readonly changed: readonly { readonly before: StoredVariable; readonly after: StoredVariable }[]
  readonly removed: readonly StoredVariable[]
}

export function changesBetween(before: readonly StoredVariable[], after: readonly StoredVariable[]): VariableChanges {
  const [old, now] = [byKey(before), byKey(after)]
  const sorted = [...after].sort(byNameAndGuid)
  return {
    added: sorted.filter((variable) => !old.has(variableKey(variable))),
    changed: sorted.flatMap((variable) => {
      const was = old.get(variableKey(variable))
      return was === undefined || sameVariable(was, variable) ? [] : [{ before: was, after: variable }]
    }),
    removed: [...before].sort(byNameAndGuid).filter((variable) => !now.has(variableKey(variable))),
  }
}

function sameVariable(one: StoredVariable, other: StoredVariable): boolean {
  return (
    one.attributes === other.attributes &&
    one.data.equals(other.data) &&
    (one.time ?? NO_TIME).equals(other.time ?? NO_TIME) &&
    (one.monotonicCount ?? 0n) === (other.monotonicCount ?? 0n) &&
    (one.publicKeyIndex ?? 0) === (other.publicKeyIndex ?? 0)
  )
}

function byKey(variables: readonly StoredVariable[]): ReadonlyMap<string, StoredVariable> {
  return new Map(variables.map((variable) => [variableKey(variable), variable]))
}

const NO_TIME = Buffer.alloc(16)

import { variableKey } from './named-variable.js'
import type { StoredVariable } from './store-types.js'
import { byNameAndGuid } from './write-store.js'

/** A change to a list of variables; `set` adds or replaces the whole variable. */
export type VariableEdit =
  | { readonly kind: 'set'; readonly variable: StoredVariable }
  | { readonly kind: 'delete'; readonly name: string; readonly guid: string }

export function editsToSet(variables: readonly StoredVariable[]): readonly VariableEdit[] {
  return variables.map((variable) => ({ kind: 'set', variable }))
}

/** The variables after all edits, in order of name and GUID. What is deleted need not be there. */
export function applyEdits(
  variables: readonly StoredVariable[],
  edits: readonly VariableEdit[],
): readonly StoredVariable[] {
  const byKey = new Map(variables.map((variable) => [variableKey(variable), variable]))
  for (const edit of edits) {
    if (edit.kind === 'set') byKey.set(variableKey(edit.variable), edit.variable)
    else byKey.delete(variableKey(edit))
  }
  return [...byKey.values()].sort(byNameAndGuid)
}

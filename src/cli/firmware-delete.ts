import type { VariableEdit } from '../firmware/edit-variables.js'
import type { StoredVariable } from '../firmware/store-types.js'
import { findVariable, namedVariable } from '../firmware/variable-name.js'
import { CvmError } from '../model/errors.js'
import { nearestWord } from '../plugins/nearest-word.js'
import { type FirmwareEditOptions, runFirmwareEdit } from './firmware-edit.js'

export type FirmwareDeleteOptions = FirmwareEditOptions

/** cvm-rewrite firmware delete: remove variables, all of which have to be there. */
export async function firmwareDelete(
  file: string,
  names: readonly string[],
  options: FirmwareDeleteOptions,
): Promise<number> {
  return await runFirmwareEdit(file, options, async () => (variables) => names.map((name) => deletion(name, variables)))
}

function deletion(text: string, variables: readonly StoredVariable[]): VariableEdit {
  if (!variables.some(({ name }) => text === name || text.startsWith(`${name}-`))) throw absent(text, variables)
  const named = namedVariable(text, variables)
  if (findVariable(variables, named) === undefined) throw absent(text, variables)
  return { kind: 'delete', ...named }
}

function absent(text: string, variables: readonly StoredVariable[]): CvmError {
  const near = nearestWord(
    text,
    variables.map(({ name }) => name),
  )
  return new CvmError('USAGE', `there is no variable ${text} in the file`, {
    ...(near === undefined ? {} : { why: `did you mean ${near}?` }),
    next: 'See what is there: cvm-rewrite firmware show FILE',
  })
}

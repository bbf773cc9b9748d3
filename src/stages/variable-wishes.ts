import type { VariableEdit } from '../firmware/edit-variables.js'
import { type NamedVariable, variableKey } from '../firmware/named-variable.js'
import { KEY_VARIABLE } from '../firmware/secure-boot/key-variables.js'
import type { StoredVariable } from '../firmware/store-types.js'
import type { ValueInput } from '../firmware/value-input.js'
import { readName } from '../firmware/variable-name.js'
import { wishedVariable } from '../firmware/wished-variable.js'
import { ERRORS } from '../model/error-table.js'
import { CvmError } from '../model/errors.js'
import type { FirmwareVariablesPlan, FirmwareVariableWish } from '../model/wishes.js'
import { LARGEST_FIRMWARE_BYTES } from './firmware-file.js'
import { wholeFile } from './whole-file.js'

export interface VariableEdits {
  readonly edits: readonly VariableEdit[]
  /** Sentences, each with the name of its variable. */
  readonly problems: readonly string[]
  /** Of problems that are files which are not there. */
  readonly missing: readonly CvmError[]
}

/** What the wishes of `firmware-variables` mean for the variables that are there; reads the files that they name. */
export async function variableEdits(
  { variables: wishes }: FirmwareVariablesPlan,
  present: readonly StoredVariable[],
): Promise<VariableEdits> {
  const edits: VariableEdit[] = []
  const problems: string[] = []
  const missing: CvmError[] = []
  const seen = new Map<string, string>()
  for (const wish of wishes) {
    try {
      const edit = await editOf(wish, present)
      const key = variableKey(edit.kind === 'set' ? edit.variable : edit)
      const before = seen.get(key)
      if (before !== undefined) problems.push(`firmware-variables: ${before} and ${wish.name} are the same variable`)
      seen.set(key, wish.name)
      edits.push(edit)
    } catch (error) {
      if (!(error instanceof CvmError)) throw error
      if (error.code === 'INPUT_NOT_FOUND') missing.push(error)
      problems.push(`firmware-variables.${wish.name} (${wish.plugins.join(', ')}): ${wordsOf(error)}`)
    }
  }
  return { edits, problems, missing }
}

/** Without the step that every error of its code has: it is about a command line. */
function wordsOf({ code, message, why, next }: CvmError): string {
  const more = why ?? (next === ERRORS[code].next ? undefined : next)
  return more === undefined ? message : `${message}: ${more}`
}

/** Names of variables that `secure-boot` decides, among those that `edits` touch. */
export function keyVariablesIn(edits: readonly VariableEdit[]): readonly string[] {
  const keys = new Set(Object.values(KEY_VARIABLE).map(variableKey))
  const touched = edits.map((edit) => (edit.kind === 'set' ? edit.variable : edit))
  return touched.filter((variable) => keys.has(variableKey(variable))).map(({ name }) => name)
}

async function editOf(wish: FirmwareVariableWish, present: readonly StoredVariable[]): Promise<VariableEdit> {
  const named = namedIn(wish.name, present)
  if (wish.form === 'delete') return { kind: 'delete', ...named }
  const { attributes, date } = wish
  return { kind: 'set', variable: wishedVariable({ named, value: await inputOf(wish), attributes, date }, present) }
}

async function inputOf({ form, text }: FirmwareVariableWish): Promise<ValueInput> {
  if (form === 'file') return { form: 'bytes', bytes: await wholeFile(text, LARGEST_FIRMWARE_BYTES) }
  if (form === 'delete') throw new Error('what is deleted has no value')
  return { form, text }
}

function namedIn(text: string, present: readonly StoredVariable[]): NamedVariable {
  const reading = readName(text, present)
  if (reading.ok) return { name: reading.name, guid: reading.guid }
  throw new CvmError('USAGE', 'its GUID is not known', {
    why: `give it with its GUID: ${text}-01234567-89ab-cdef-0123-456789abcdef`,
  })
}

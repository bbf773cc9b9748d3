import { CORE_SCHEMA, load, YAMLException } from 'js-yaml'
import type { z } from 'zod'
import { readUserDataText } from '../user-data-text.js'
import { findPlaces, type Place, type YamlPath, type YamlPlaces } from './yaml-places.js'

/** Takes a mistake; gives undefined, so that it can stand for a value. */
export type Complain = (what: string, at?: Place) => undefined

/** What a text of a person says, in the form that a schema asks for. */
export interface YamlForm<Value> {
  readonly value: Value
  readonly places: YamlPlaces
}

/** A mistake with its place, `file:line:column` where known. */
export interface PlacedMistake {
  readonly where: string
  readonly what: string
}

/** What `read` gives, and its mistakes in the order of their places; `file` as a person would type it. */
export async function placedMistakes<Value>(
  file: string,
  read: (complain: Complain) => Promise<Value>,
): Promise<{ readonly result: Value; readonly mistakes: readonly PlacedMistake[] }> {
  const mistakes: { readonly what: string; readonly at?: Place }[] = []
  const result = await read((what, at) => {
    mistakes.push(at === undefined ? { what } : { what, at })
    return undefined
  })
  const place = (at?: Place) => (at === undefined ? 0 : at.line * LARGEST_FORM_BYTES + at.column)
  const sorted = mistakes.sort((one, other) => place(one.at) - place(other.at))
  return {
    result,
    mistakes: sorted.map(({ what, at }) => ({
      where: at === undefined ? file : `${file}:${at.line}:${at.column}`,
      what,
    })),
  }
}

/**
 * Reads one YAML document (JSON is YAML) and checks it against a schema; undefined after it has complained. `whenEmpty` is said
 * of one without a value.
 */
export async function readYamlForm<Schema extends z.ZodType>(
  bytes: Uint8Array,
  loadSchema: () => Promise<Schema>,
  complain: Complain,
  whenEmpty: string = EMPTY,
): Promise<YamlForm<z.infer<Schema>> | undefined> {
  if (bytes.length > LARGEST_FORM_BYTES) return complain(`is larger than ${LARGEST_FORM_BYTES >> 10} KiB`)
  const decoded = readUserDataText(bytes)
  if ('wrong' in decoded) return complain(decoded.wrong)
  // An editor's byte order mark takes no place on the screen.
  const read = readText(decoded.text.replace(/^\uFEFF/, ''), complain, whenEmpty)
  return read === undefined ? undefined : await checkForm(read, await loadSchema(), complain)
}

function readText(text: string, complain: Complain, whenEmpty: string): YamlForm<unknown> | undefined {
  try {
    const places = findPlaces(text)
    if (places.indirection !== undefined)
      return complain('has an anchor, an alias or a tag; write it out', places.indirection)
    if (places.secondDocument !== undefined)
      return complain('has a second document; there can be only one', places.secondDocument)
    // YAML 1.2: `no` and 0644 are what they look like.
    const value = load(text, { schema: CORE_SCHEMA })
    return value === null ? complain(whenEmpty) : { value, places }
  } catch (error) {
    if (!(error instanceof YAMLException)) return complain('is not readable as YAML')
    if (error.reason.includes('input is empty')) return complain(whenEmpty)
    if (error.mark === undefined) return complain(error.reason)
    return complain(error.reason, { line: error.mark.line + 1, column: error.mark.column + 1 })
  }
}

async function checkForm<Schema extends z.ZodType>(
  { value, places }: YamlForm<unknown>,
  schema: Schema,
  complain: Complain,
): Promise<YamlForm<z.infer<Schema>> | undefined> {
  const { mistakesOf } = await import('./schema-words.js')
  const result = schema.safeParse(value)
  if (result.success) return { value: result.data, places }
  for (const { path, atKey, what } of mistakesOf(result.error.issues, schema, value)) {
    const shown = atKey && what.startsWith('"') ? path.slice(0, -1) : path
    complain(`${shownPath(shown)}${what}`, atKey ? places.key(path) : places.value(path))
  }
  return undefined
}

/** The path of a key as people write it, with a colon behind it; nothing for the whole document. */
export function shownPath(path: YamlPath): string {
  if (path.length === 0) return ''
  const shown = path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? step : `${text}.${step}`
  }, '')
  return `${shown.slice(0, 120)}: `
}

/** Of a form: a larger one is refused unread. */
export const LARGEST_FORM_BYTES = 256 << 10
const EMPTY = 'is empty; remove it, or say something in it'

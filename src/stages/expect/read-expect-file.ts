import { CORE_SCHEMA, load, YAMLException } from 'js-yaml'
import type { Expectation } from '../../model/expectation.js'
import { findPlaces, type Place, type YamlPath, type YamlPlaces } from '../../plugins/manifest/yaml-places.js'
import { readUserDataText } from '../../plugins/user-data-text.js'
import type { ExpectText } from './expect-schema.js'
import { toExpectations } from './to-expectations.js'

/** What a file of expectations says, or its mistakes: `file:line:column: what`, in the order of their places. */
export type ExpectReading = { readonly expectations: readonly Expectation[] } | { readonly mistakes: readonly string[] }

/** Reads the bytes of an expectations file; `file` as a person would type it. */
export async function readExpectBytes(bytes: Uint8Array, file: string): Promise<ExpectReading> {
  const mistakes: Mistake[] = []
  const text = await readBytes(bytes, mistakes)
  if (text !== undefined && mistakes.length === 0) {
    const expectations = toExpectations(text)
    if (expectations.length > 0) return { expectations }
    mistakes.push({ what: EMPTY })
  }
  return { mistakes: mistakes.sort(byPlace).map(({ what, at }) => `${file}${shownPlace(at)}: ${what}`) }
}

interface Mistake {
  readonly what: string
  readonly at?: Place
}

async function readBytes(bytes: Uint8Array, mistakes: Mistake[]): Promise<ExpectText | undefined> {
  const decoded =
    bytes.length > LARGEST_BYTES ? { wrong: `is larger than ${LARGEST_BYTES >> 10} KiB` } : readUserDataText(bytes)
  if ('wrong' in decoded) {
    mistakes.push({ what: decoded.wrong })
    return undefined
  }
  // An editor's byte order mark takes no place on the screen.
  const read = readYaml(decoded.text.replace(/^\uFEFF/, ''))
  if ('what' in read) {
    mistakes.push(read)
    return undefined
  }
  const text = await checkForm(read.value, read.places, mistakes)
  if (text !== undefined) mistakes.push(...brokenPatterns(text, read.places))
  return text
}

function readYaml(text: string): { readonly value: unknown; readonly places: YamlPlaces } | Mistake {
  try {
    const places = findPlaces(text)
    if (places.indirection !== undefined)
      return { what: 'has an anchor, an alias or a tag; write it out', at: places.indirection }
    if (places.secondDocument !== undefined)
      return { what: 'has a second document; there can be only one', at: places.secondDocument }
    // YAML 1.2: `on`, `no` and 0644 are what they look like.
    const value = load(text, { schema: CORE_SCHEMA })
    return value === null ? { what: EMPTY } : { value, places }
  } catch (error) {
    if (!(error instanceof YAMLException)) return { what: 'is not readable as YAML' }
    if (error.reason.includes('input is empty')) return { what: EMPTY }
    if (error.mark === undefined) return { what: error.reason }
    return { what: error.reason, at: { line: error.mark.line + 1, column: error.mark.column + 1 } }
  }
}

/** zod takes a tenth of a second to load, so only for those who have such a file. */
async function checkForm(value: unknown, places: YamlPlaces, mistakes: Mistake[]): Promise<ExpectText | undefined> {
  const [{ expectSchema }, { mistakesOf }] = await Promise.all([
    import('./expect-schema.js'),
    import('../../plugins/manifest/schema-words.js'),
  ])
  const result = expectSchema.safeParse(value)
  if (result.success) return result.data
  for (const { path, atKey, what } of mistakesOf(result.error.issues, expectSchema, value)) {
    const shown = atKey && what.startsWith('"') ? path.slice(0, -1) : path
    mistakes.push({ what: `${shownPath(shown)}${what}`, at: atKey ? places.key(path) : places.value(path) })
  }
  return undefined
}

function brokenPatterns({ files = {} }: ExpectText, places: YamlPlaces): readonly Mistake[] {
  return Object.entries(files).flatMap(([file, wish]) => {
    const wrong = typeof wish === 'string' || wish.matches === undefined ? undefined : wrongPattern(wish.matches)
    if (wrong === undefined) return []
    const path = ['files', file, 'matches']
    return [{ what: `${shownPath(path)}${wrong}`, at: places.value(path) }]
  })
}

/** What keeps a text from being a regular expression as src/guest/judge-file.ts uses it. */
export function wrongPattern(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'mu')
    return undefined
  } catch (error) {
    const why = error instanceof Error ? error.message.split(': ').at(-1) : String(error)
    return `is no regular expression: ${why}`
  }
}

function shownPath(path: YamlPath): string {
  if (path.length === 0) return ''
  const shown = path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? step : `${text}.${step}`
  }, '')
  return `${shown.slice(0, 120)}: `
}

function shownPlace(at: Place | undefined): string {
  return at === undefined ? '' : `:${at.line}:${at.column}`
}

function byPlace({ at: one }: Mistake, { at: other }: Mistake): number {
  return (one?.line ?? 0) - (other?.line ?? 0) || (one?.column ?? 0) - (other?.column ?? 0)
}

const LARGEST_BYTES = 256 << 10
const EMPTY = 'is empty; there is nothing to expect'

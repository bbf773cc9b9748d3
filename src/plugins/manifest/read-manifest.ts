import { CORE_SCHEMA, load, YAMLException } from 'js-yaml'
import type { PluginManifest } from '../../model/manifest.js'
import { type Findings, type PluginLocation, problem, readFileIfThere } from '../plugin-files.js'
import { readUserDataText } from '../user-data-text.js'
import { brokenRules } from './manifest-rules.js'
import type { ManifestText } from './manifest-schema.js'
import { toManifest } from './to-manifest.js'
import { findPlaces, type Place, type YamlPath, type YamlPlaces } from './yaml-places.js'

/** The plugin.yaml of a plugin, checked; undefined when there is none or when it is wrong, which is among the findings then. */
export async function readManifest(location: PluginLocation, found: Findings): Promise<PluginManifest | undefined> {
  const bytes = await readFileIfThere(`${location.dir}/${FILE}`)
  if (bytes === undefined) return undefined
  const file = `${location.shownDir}/${FILE}`
  if (!Buffer.isBuffer(bytes)) return problem(found, file, `cannot be read: ${bytes.message}`)
  return await manifestFrom(bytes, file, found)
}

/** The same of its bytes; `file` as a person would type it. Problems are in the order of their places. */
export async function manifestFrom(
  bytes: Uint8Array,
  file: string,
  found: Findings,
): Promise<PluginManifest | undefined> {
  const mistakes: { readonly what: string; readonly at?: Place }[] = []
  const complain = (what: string, at?: Place) => {
    mistakes.push(at === undefined ? { what } : { what, at })
    return undefined
  }
  const manifest = await readBytes(bytes, complain)
  const place = (at?: Place) => (at === undefined ? 0 : at.line * LARGEST_BYTES + at.column)
  for (const { what, at } of mistakes.sort((one, other) => place(one.at) - place(other.at))) {
    problem(found, at === undefined ? file : `${file}:${at.line}:${at.column}`, what)
  }
  return manifest
}

async function readBytes(bytes: Uint8Array, complain: Complain): Promise<PluginManifest | undefined> {
  if (bytes.length > LARGEST_BYTES) return complain(`is larger than ${LARGEST_BYTES >> 10} KiB`)
  const decoded = readUserDataText(bytes)
  if ('wrong' in decoded) return complain(decoded.wrong)
  // An editor's byte order mark takes no place on the screen.
  const read = readText(decoded.text.replace(/^\uFEFF/, ''), complain)
  if (read === undefined) return undefined
  const checked = await checkForm(read.value, read.places, complain)
  if (checked === undefined) return undefined
  const broken = await brokenRules(checked)
  for (const { path, at, what } of broken) complain(`${shownPath(path)}${what}`, read.places[at](path))
  return broken.length === 0 ? toManifest(checked) : undefined
}

type Complain = (what: string, at?: Place) => undefined

function readText(text: string, complain: Complain): { value: unknown; places: YamlPlaces } | undefined {
  try {
    const places = findPlaces(text)
    if (places.indirection !== undefined)
      return complain('has an anchor, an alias or a tag; write it out', places.indirection)
    if (places.secondDocument !== undefined)
      return complain('has a second document; there can be only one', places.secondDocument)
    // YAML 1.2: `no` and 0644 are what they look like.
    const value = load(text, { schema: CORE_SCHEMA })
    return value === null ? complain(EMPTY) : { value, places }
  } catch (error) {
    if (!(error instanceof YAMLException)) return complain('is not readable as YAML')
    if (error.reason.includes('input is empty')) return complain(EMPTY)
    if (error.mark === undefined) return complain(error.reason)
    return complain(error.reason, { line: error.mark.line + 1, column: error.mark.column + 1 })
  }
}

/** zod takes a tenth of a second to load, so only for those who have a plugin.yaml. */
async function checkForm(value: unknown, places: YamlPlaces, complain: Complain): Promise<ManifestText | undefined> {
  const [{ manifestSchema }, { mistakesOf }] = await Promise.all([
    import('./manifest-schema.js'),
    import('./schema-words.js'),
  ])
  const result = manifestSchema.safeParse(value)
  if (result.success) return result.data
  for (const { path, atKey, what } of mistakesOf(result.error.issues, manifestSchema, value)) {
    const shown = atKey && what.startsWith('"') ? path.slice(0, -1) : path
    complain(`${shownPath(shown)}${what}`, atKey ? places.key(path) : places.value(path))
  }
  return undefined
}

function shownPath(path: YamlPath): string {
  if (path.length === 0) return ''
  const shown = path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? step : `${text}.${step}`
  }, '')
  return `${shown.slice(0, 120)}: `
}

const FILE = 'plugin.yaml'
const LARGEST_BYTES = 256 << 10
const EMPTY = 'is empty; remove it, or say something in it'

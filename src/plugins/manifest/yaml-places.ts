import { EVENT_ID, type Event, getScalarValue, parseEvents } from 'js-yaml'

/** Where something stands in a text; both count from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** The steps from the top of a YAML document: keys and, in lists, numbers. */
export type YamlPath = readonly (string | number)[]

/** The places of all keys and values of one YAML document. */
export interface YamlPlaces {
  /** Of the value, or of the nearest thing above that is there. */
  value(path: YamlPath): Place
  /** Of the key that leads to it. */
  key(path: YamlPath): Place
  /** The first anchor, alias or tag: legal YAML that makes a short file mean something else than it shows. */
  readonly indirection: Place | undefined
  /** The first thing of a second document. */
  readonly secondDocument: Place | undefined
}

/**
 * Finds the places in a text that js-yaml can read.
 *
 * @throws {YAMLException} for a text that is no YAML.
 */
export function findPlaces(text: string): YamlPlaces {
  const values = new Map<string, number>()
  const keys = new Map<string, number>()
  let indirection: number | undefined
  let secondDocument: number | undefined
  let documents = 0
  const open: Container[] = []
  for (const event of parseEvents(text, {})) {
    if (event.type === EVENT_ID.DOCUMENT) {
      documents += 1
      continue
    }
    if (event.type === EVENT_ID.POP) {
      open.pop()
      continue
    }
    indirection ??= indirectionOf(event)
    const start = startOf(event)
    if (documents > 1) secondDocument ??= start
    const parent = open.at(-1)
    if (parent?.kind === 'mapping' && parent.key === undefined) {
      // Its value comes next. A key that is no scalar cannot be in a manifest; the schema says so.
      parent.key = event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : ''
      keys.set(keyOf([...parent.path, parent.key]), start)
      continue
    }
    const path = parent === undefined ? [] : [...parent.path, nextStep(parent)]
    values.set(keyOf(path), start)
    if (event.type === EVENT_ID.MAPPING) open.push({ kind: 'mapping', path, key: undefined })
    if (event.type === EVENT_ID.SEQUENCE) open.push({ kind: 'sequence', path, next: 0 })
  }
  return {
    value: (path) => placeOf(text, nearest(values, path)),
    key: (path) => placeOf(text, keys.get(keyOf(path)) ?? nearest(values, path)),
    indirection: indirection === undefined ? undefined : placeOf(text, indirection),
    secondDocument: secondDocument === undefined ? undefined : placeOf(text, secondDocument),
  }
}

type Container =
  | { kind: 'mapping'; path: YamlPath; key: string | undefined }
  | { kind: 'sequence'; path: YamlPath; next: number }

function nextStep(parent: Container): string | number {
  if (parent.kind === 'sequence') return parent.next++
  const key = parent.key ?? ''
  parent.key = undefined
  return key
}

function startOf(event: Exclude<Event, { type: typeof EVENT_ID.POP | typeof EVENT_ID.DOCUMENT }>): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart
  return event.type === EVENT_ID.ALIAS ? event.anchorStart : event.start
}

function indirectionOf(event: Event): number | undefined {
  if (!('anchorStart' in event)) return undefined
  if (event.anchorStart >= 0) return event.anchorStart
  return 'tagStart' in event && event.tagStart >= 0 ? event.tagStart : undefined
}

function nearest(values: ReadonlyMap<string, number>, path: YamlPath): number {
  for (let length = path.length; length > 0; length -= 1) {
    const found = values.get(keyOf(path.slice(0, length)))
    if (found !== undefined) return found
  }
  return 0
}

function keyOf(path: YamlPath): string {
  return JSON.stringify(path.map(String))
}

/** A line of YAML ends with LF, CR, or both. */
function placeOf(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/)
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}

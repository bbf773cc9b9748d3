import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE } from 'js-yaml'

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
  let latest = 0
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
    // What is left empty has no place of its own: it is where the last thing before it is.
    const start = Math.max(startOf(event), latest)
    latest = start
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
  const lines = lineStarts(text)
  return {
    value: (path) => placeIn(lines, nearest(values, path)),
    key: (path) => placeIn(lines, keys.get(keyOf(path)) ?? nearest(values, path)),
    indirection: indirection === undefined ? undefined : placeIn(lines, indirection),
    secondDocument: secondDocument === undefined ? undefined : placeIn(lines, secondDocument),
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
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1
  if (event.type !== EVENT_ID.SCALAR) return event.start
  const isQuoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED
  return isQuoted ? event.valueStart - 1 : event.valueStart
}

function indirectionOf(event: Event): number | undefined {
  if (!('anchorStart' in event)) return undefined
  // The name comes behind its sign.
  if (event.anchorStart >= 0) return event.anchorStart - 1
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

/** The offsets at which lines begin; a line of YAML ends with LF, CR, or both. */
function lineStarts(text: string): readonly number[] {
  return [0, ...Array.from(text.matchAll(/\r\n|\r|\n/g), (end) => end.index + end[0].length)]
}

function placeIn(starts: readonly number[], offset: number): Place {
  // Halving: a file may have as many mistakes as lines.
  let [low, high] = [0, starts.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
}

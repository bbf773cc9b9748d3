import type { Problem } from '../model/plugin.js'
import { checkTopLevel, noteTopLevel, PASTEABLE_MERGE_HOW } from './cloud-config-rules.js'
import { runcmdLines } from './runcmd-lines.js'
import { readUserDataText } from './user-data-text.js'
import { findSurprisingNumbers, readYaml } from './yaml-like-cloud-init.js'

/** What a cloud-config part turned out to be; the part itself is shipped byte for byte. */
export interface CloudConfigReading {
  readonly problems: readonly Problem[]
  readonly notes: readonly string[]
  /** cloud-init fills it in before reading it as YAML; it needs the type text/jinja2 in the MIME bundle. */
  readonly isJinja: boolean
  /** Top-level keys and values as cloud-init will see them; absent when the part is not sound, or a template. */
  readonly config?: ReadonlyMap<string, unknown>
  /** The shell lines of its runcmd list, as cloud-init writes them. */
  readonly runcmd: readonly string[]
}

/** Reads and checks one `cloud-init/cloud-config/NN-*.yaml`; `where` is its path for messages. Never throws. */
export function readCloudConfig(bytes: Uint8Array, where: string): CloudConfigReading {
  const decoded = readUserDataText(bytes)
  if ('wrong' in decoded) return refused(where, decoded.wrong)
  const header = readHeader(decoded.text)
  if ('wrong' in header) return refused(`${where}:${header.line}`, header.wrong)
  return header.isJinja ? readTemplate(decoded.text, where) : readPlain(decoded.text, where)
}

function readPlain(text: string, where: string): CloudConfigReading {
  const reading = readYaml(text)
  if ('empty' in reading) return refused(where, 'is empty but for comments; cloud-init refuses such a part')
  if ('wrong' in reading) {
    const line = reading.line === undefined ? '' : `:${reading.line}:${reading.column ?? 1}`
    const stricter = reading.wrong.startsWith('duplicated') ? ' (cloud-init would silently keep the last one)' : ''
    return refused(`${where}${line}`, reading.wrong + stricter)
  }
  const config = asMapping(reading.value)
  if (config === undefined) return refused(where, 'is not a mapping of keys at its top level')
  const problems = checkTopLevel(config).map(
    (what): Problem => ({ code: 'USER_DATA_INVALID', where: where + lineOfKey(text, config, what), what }),
  )
  const notes = [
    ...noteTopLevel(config),
    ...noteTabs(text),
    ...findSurprisingNumbers(text).map((found) => `${found}; quote it if you mean text`),
  ]
  return {
    problems,
    notes: notes.map((note) => `${where}: ${note}`),
    isJinja: false,
    config,
    runcmd: runcmdLines(config.get('runcmd')),
  }
}

/** `:7` when a sentence is about a key that stands at the start of line 7; what is about a key that lacks has no line. */
function lineOfKey(text: string, config: ReadonlyMap<string, unknown>, sentence: string): string {
  const about = /^(?:has (?:a )?|item \d+ of |)"?(\w+)/.exec(sentence)?.[1]
  if (about === undefined || !config.has(about)) return ''
  const line = text.split('\n').findIndex((one) => one.replace(/^["']/, '').startsWith(about))
  return line === -1 ? '' : `:${line + 1}`
}

/**
 * Tabs after a colon or dash and at the end of a value: PyYAML refuses them, the parser here takes them for spaces.
 *
 * Only a note, since the same line is fine inside a block of text.
 */
function noteTabs(text: string): readonly string[] {
  const line = text.split('\n').findIndex((one) => /^ *(?:- +)*(?:-|[\w"'./-]+:) *\t|^[^#]*[^\s#]\t+\r?$/.test(one))
  return line === -1 ? [] : [`line ${line + 1} has a tab; outside a block of text cloud-init takes only spaces there`]
}

/** A template need not be YAML before it is filled in, so only what stands in its text can be checked. */
function readTemplate(text: string, where: string): CloudConfigReading {
  if (!/^["']?(?:merge_how|merge_type)["']?[ \t]*:/m.test(text))
    return { ...refused(where, PASTEABLE_MERGE_HOW), isJinja: true }
  if (/^["']?power_state["']?[ \t]*:/m.test(text))
    return { ...refused(where, checkTopLevel(POWER_STATE_ONLY)[0] ?? ''), isJinja: true }
  const note = `${where}: is a jinja template; it is filled in by the guest, so its YAML is not checked here`
  return { problems: [], notes: [note], isJinja: true, runcmd: [] }
}

function readHeader(text: string): { readonly isJinja: boolean } | { readonly wrong: string; readonly line: number } {
  if (text.startsWith('\uFEFF'))
    return { wrong: 'starts with a byte order mark, which cloud-init refuses; save it without', line: 1 }
  const [first = '', second = ''] = text.split('\n', 2).map((line) => line.replace(/[ \t\r]+$/, ''))
  if (first === HEADER) return { isJinja: false }
  if (first === JINJA_HEADER) {
    return second === HEADER
      ? { isJinja: true }
      : { wrong: `after "${JINJA_HEADER}" the next line must be "${HEADER}"`, line: 2 }
  }
  if (first === '') return { wrong: `the first line is empty; it must be "${HEADER}"`, line: 1 }
  if (first.trim().toLowerCase() === HEADER)
    return { wrong: `write "${HEADER}" in lower case and without spaces before it`, line: 1 }
  return { wrong: `the first line must be "${HEADER}"`, line: 1 }
}

function refused(where: string, what: string): CloudConfigReading {
  return { problems: [{ code: 'USER_DATA_INVALID', where, what }], notes: [], isJinja: false, runcmd: [] }
}

function asMapping(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  // Sequences, sets, dates and binary values are objects too.
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  return new Map(Object.entries(value))
}

const HEADER = '#cloud-config'
const JINJA_HEADER = '## template: jinja'
const POWER_STATE_ONLY = new Map<string, unknown>([
  ['merge_how', 'dict()'],
  ['power_state', null],
])

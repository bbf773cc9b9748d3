import { findStore, hasFirmwareBehind } from './find-store.js'
import { type FirmwareFinding, note } from './finding.js'
import { lintStore } from './lint-store.js'
import { lintNames, lintVariables } from './lint-variables.js'
import type { FirmwareKind } from './measurement-effects.js'
import { readStore } from './read-store.js'
import type { StoredVariable, VariableStore } from './store-types.js'
import { newDocument, readVariablesJson, type VariablesDocument, writeVariablesJson } from './variables-json.js'
import { neededBytes, roomBytes, writeVariables } from './write-store.js'

/** A file with variables, in either form, as it is in memory. */
export type FirmwareContents = StoreContents | JsonContents

export interface StoreContents {
  readonly form: 'store'
  readonly kind: Exclude<FirmwareKind, 'json'>
  /** The whole file. */
  readonly file: Buffer
  readonly store: VariableStore
  readonly variables: readonly StoredVariable[]
}

export interface JsonContents {
  readonly form: 'json'
  readonly kind: 'json'
  readonly document: VariablesDocument
  readonly variables: readonly StoredVariable[]
}

/**
 * Reads a firmware, a variable file, or the JSON form: a file that begins with a brace.
 *
 * @throws CvmError FIRMWARE_FILE_REFUSED.
 */
export function readContents(file: Buffer): FirmwareContents {
  if (looksLikeJson(file) && findStore(file) === undefined) {
    return jsonContents(readVariablesJson(file.toString('utf8')))
  }
  const store = readStore(file)
  const kind = hasFirmwareBehind(file, store.volumeOffset + store.volumeBytes) ? 'single-file' : 'variables'
  return { form: 'store', kind, file, store, variables: store.variables }
}

/** The variables alone, in the JSON form. */
export function exportedContents(variables: readonly StoredVariable[]): JsonContents {
  return jsonContents(newDocument(variables))
}

/**
 * The same file with exactly these variables, each name and GUID once.
 *
 * @throws CvmError VARIABLE_STORE_FULL.
 */
export function withVariables(contents: FirmwareContents, variables: readonly StoredVariable[]): FirmwareContents {
  if (contents.form === 'json') return jsonContents({ ...contents.document, variables })
  return readContents(writeVariables(contents.file, contents.store, variables))
}

export function contentsBytes(contents: FirmwareContents): Buffer {
  return contents.form === 'store' ? contents.file : Buffer.from(writeVariablesJson(contents.document))
}

/** All that can be said against a file, the worst first. */
export function lintContents(contents: FirmwareContents): readonly FirmwareFinding[] {
  const own = contents.form === 'json' ? lintNames(contents.variables) : lintStore(contents.file, contents.store)
  const findings = [...own, ...lintVariables(contents.variables), ...lintRoom(contents)]
  return findings.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
}

/** Bytes of a store for records, and how many live ones would take; undefined for the JSON form, which has no limit. */
export function roomOf(contents: FirmwareContents): { readonly room: number; readonly used: number } | undefined {
  if (contents.form === 'json') return undefined
  return { room: roomBytes(contents.store), used: neededBytes(contents.variables) }
}

/** At its first start the firmware writes boot entries, consoles and languages, about 3 KiB of them. */
function lintRoom(contents: FirmwareContents): readonly FirmwareFinding[] {
  const room = roomOf(contents)
  if (room === undefined || room.room - room.used >= WANTED_BYTES) return []
  const free = room.room - room.used
  return [
    note(`only ${free} bytes are free; the firmware itself wants to store about ${WANTED_BYTES} at its first start`),
  ]
}

function jsonContents(document: VariablesDocument): JsonContents {
  return { form: 'json', kind: 'json', document, variables: document.variables }
}

function looksLikeJson(file: Buffer): boolean {
  return file.subarray(0, 1024).toString('utf8').trimStart().startsWith('{')
}

const SEVERITIES: readonly FirmwareFinding['severity'][] = ['problem', 'warning', 'note']
const WANTED_BYTES = 4096

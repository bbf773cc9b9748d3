import { attributesText } from '../firmware/attribute-names.js'
import { describeVariable } from '../firmware/decode/describe.js'
import { efiTimeText } from '../firmware/efi-time.js'
import type { FirmwareFinding } from '../firmware/finding.js'
import { type FirmwareContents, roomOf } from '../firmware/firmware-contents.js'
import { secureBootMode } from '../firmware/secure-boot/secure-boot-mode.js'
import { RECORD_STATE } from '../firmware/store-layout.js'
import type { StoredVariable } from '../firmware/store-types.js'
import { byNameAndGuid } from '../firmware/write-store.js'
import { printable } from '../guest/printable.js'
import type { FirmwareFile } from '../stages/firmware-file.js'
import { colour } from './colours.js'

/** A firmware file for people: what it is, Secure Boot, room, each variable, what lint says. */
export function showText(
  path: string,
  { format, contents }: FirmwareFile,
  findings: readonly FirmwareFinding[],
): string {
  const { variables } = contents
  return [
    `${printable(path, WHOLE)}: ${KINDS[contents.kind]}${format === 'qcow2' ? ', in qcow2' : ''}`,
    secureBootMode(variables).sentence,
    roomText(contents),
    '',
    ...[...variables].sort(byNameAndGuid).flatMap((variable) => variableLines(variable)),
    ...(variables.length === 0 ? [] : ['']),
    ...findingLines(findings),
    '',
  ].join('\n')
}

/** The same as one object; the data of variables as hex. */
export function showObject(
  path: string,
  { format, contents }: FirmwareFile,
  findings: readonly FirmwareFinding[],
): object {
  const room = roomOf(contents)
  return {
    file: path,
    kind: contents.kind,
    format,
    secureBoot: secureBootMode(contents.variables),
    store:
      room === undefined ? null : { offset: storeOffset(contents), ...bytesOf(room), records: recordCounts(contents) },
    variables: [...contents.variables].sort(byNameAndGuid).map((variable) => variableObject(variable)),
    findings,
  }
}

/** What lint says, a line each, or that it found nothing. */
export function findingLines(findings: readonly FirmwareFinding[]): readonly string[] {
  if (findings.length === 0) return ['lint: nothing found']
  return findings.map(({ severity, text }) => `${COLOURS[severity](severity)}: ${printable(text)}`)
}

/** Bytes used and free; undefined-free words for the JSON form, which has no limit. */
export function roomText(contents: FirmwareContents): string {
  const { length } = contents.variables
  const count = `${length} variable${length === 1 ? '' : 's'}`
  const room = roomOf(contents)
  if (room === undefined) return `${count}.`
  return `${count}; ${room.used} of ${room.room} bytes are used, ${room.room - room.used} are free${deadText(contents)}.`
}

export function variableObject(variable: StoredVariable): object {
  const { name, guid, attributes, data, time, monotonicCount = 0n, publicKeyIndex = 0 } = variable
  return {
    name,
    guid,
    attributes,
    attributeNames: attributesText(attributes),
    time: time === undefined ? null : efiTimeText(time),
    monotonicCount: monotonicCount.toString(),
    publicKeyIndex,
    sizeBytes: data.length,
    data: data.toString('hex'),
    description: describeVariable(variable).map((line) => printable(line, WHOLE)),
  }
}

function variableLines(variable: StoredVariable): readonly string[] {
  const { name, guid, attributes, data, time } = variable
  const stamp = time === undefined ? '' : `, ${efiTimeText(time)}`
  const head = `${colour.bold(printable(name))}  ${colour.dim(guid)}  ${attributesText(attributes)}, ${data.length} byte${data.length === 1 ? '' : 's'}${stamp}`
  return [head, ...describeVariable(variable).map((line) => `    ${printable(line, WHOLE)}`)]
}

/** Room that an edit gives back: what is deleted stays where it is until the store is rewritten. */
function deadText(contents: FirmwareContents): string {
  const { deleted, inTransition, unfinished } = recordCounts(contents)
  const dead = [
    ...(deleted === 0 ? [] : [`${deleted} deleted`]),
    ...(inTransition === 0 ? [] : [`${inTransition} in transition`]),
    ...(unfinished === 0 ? [] : [`${unfinished} unfinished`]),
  ]
  return dead.length === 0 ? '' : ` (records beside them: ${dead.join(', ')}; an edit drops them)`
}

function recordCounts(contents: FirmwareContents) {
  const records = contents.form === 'store' ? contents.store.records : []
  const count = (...states: readonly number[]) => records.filter(({ state }) => states.includes(state)).length
  return {
    live: count(RECORD_STATE.live),
    inTransition: count(RECORD_STATE.inTransition),
    deleted: count(RECORD_STATE.deleted, RECORD_STATE.deletedAfterTransition),
    unfinished: count(RECORD_STATE.headerOnly),
  }
}

function bytesOf({ room, used }: { readonly room: number; readonly used: number }) {
  return { sizeBytes: room, usedBytes: used, freeBytes: room - used }
}

function storeOffset(contents: FirmwareContents): number {
  return contents.form === 'store' ? contents.store.volumeOffset : 0
}

const KINDS = {
  variables: 'variables for a flash beside the code (pflash)',
  'single-file': 'firmware in a single file, with its variables (as for -bios)',
  json: "variables in the JSON form of QEMU's uefi-vars device",
} as const
const COLOURS = { problem: colour.red, warning: colour.yellow, note: colour.cyan } as const
/** What was asked for is never cut. */
const WHOLE = 1_000_000

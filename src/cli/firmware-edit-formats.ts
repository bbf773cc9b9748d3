import { attributesText } from '../firmware/attribute-names.js'
import { describeVariable } from '../firmware/decode/describe.js'
import { efiTimeText } from '../firmware/efi-time.js'
import { roomOf } from '../firmware/firmware-contents.js'
import { secureBootMode } from '../firmware/secure-boot/secure-boot-mode.js'
import type { StoredVariable } from '../firmware/store-types.js'
import { printable } from '../guest/printable.js'
import type { FirmwareEdit } from '../stages/edit-firmware.js'
import { colour } from './colours.js'
import { findingLines, roomText, variableObject } from './firmware-show-formats.js'

/** What an edit changed, for people: the variables, Secure Boot, the room, the measurements. */
export function editText(edit: FirmwareEdit): string {
  const { output, before, after, effects, findings } = edit
  const [was, is] = [secureBootMode(before.variables), secureBootMode(after.variables)]
  return [
    colour.bold(printable(output, WHOLE)),
    ...changeLines(edit).map((line) => `  ${line}`),
    `  ${roomText(after)}`,
    ...(was.sentence === is.sentence ? [] : [`  ${is.sentence}`]),
    ...(findings.length === 0 ? [] : findingLines(findings).map((line) => `  ${line}`)),
    colour.bold('measurements'),
    ...effects.sentences.map((sentence) => `  ${sentence}`),
    '',
  ].join('\n')
}

/** The same as one object. */
export function editObject(edit: FirmwareEdit): object {
  const { output, after, changes, effects, findings } = edit
  const room = roomOf(after)
  return {
    outcome: 'ok',
    output,
    added: changes.added.map((variable) => variableObject(variable)),
    changed: changes.changed.map((each) => ({
      before: variableObject(each.before),
      after: variableObject(each.after),
    })),
    removed: changes.removed.map((variable) => variableObject(variable)),
    usedBytes: room?.used ?? null,
    freeBytes: room === undefined ? null : room.room - room.used,
    secureBoot: secureBootMode(after.variables),
    measurements: effects,
    findings,
  }
}

function changeLines({ changes }: FirmwareEdit): readonly string[] {
  const { added, changed, removed } = changes
  const lines = [
    ...added.flatMap((variable) => [
      colour.green(`+ ${named(variable)}, ${attributesText(variable.attributes)}`),
      ...valueLines(variable),
    ]),
    ...changed.flatMap(({ before, after }) => [
      colour.yellow(`~ ${named(after)}`),
      ...attributeLines(before, after),
      ...(before.data.equals(after.data) ? [] : differenceLines(before, after)),
    ]),
    ...removed.flatMap((variable) => [colour.red(`- ${named(variable)}`), ...valueLines(variable)]),
  ]
  return lines.length === 0 ? ['no variable changes'] : lines
}

/** Short values on one line; else each under its own heading. */
function differenceLines(before: StoredVariable, after: StoredVariable): readonly string[] {
  const [was, is] = [valueLines(before), valueLines(after)]
  const line = `    ${was.join().trim()} → ${is.join().trim()}`
  if (was.length === 1 && is.length === 1 && line.length <= LONGEST_LINE) return [line]
  return ['  before:', ...was, '  after:', ...is]
}

function named({ name, guid }: StoredVariable): string {
  return `${printable(name)} ${guid}`
}

function attributeLines(before: StoredVariable, after: StoredVariable): readonly string[] {
  const [was, is] = [stateOf(before), stateOf(after)]
  return was === is ? [] : [`    ${was} → ${is}`]
}

function stateOf({ attributes, time }: StoredVariable): string {
  return `${attributesText(attributes)}${time === undefined ? '' : `, ${efiTimeText(time)}`}`
}

function valueLines(variable: StoredVariable): readonly string[] {
  const lines = describeVariable(variable).map((line) => `    ${printable(line, WHOLE)}`)
  if (lines.length <= MOST_LINES) return lines
  return [...lines.slice(0, MOST_LINES), `    … and ${lines.length - MOST_LINES} more lines`]
}

const LONGEST_LINE = 100
/** Microsoft's dbx alone has hundreds of entries; show and --json have them all. */
const MOST_LINES = 40
/** What was asked for is never cut. */
const WHOLE = 1_000_000

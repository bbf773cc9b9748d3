import { attributesText } from '../firmware/attribute-names.js'
import { efiTimeText } from '../firmware/efi-time.js'
import { roomOf } from '../firmware/firmware-contents.js'
import { secureBootState } from '../firmware/secure-boot-state.js'
import type { StoredVariable } from '../firmware/store-types.js'
import { printable } from '../guest/printable.js'
import type { FirmwareEdit } from '../stages/edit-firmware.js'
import { colour } from './colours.js'
import type { DescribeVariable } from './describe-variable.js'
import { findingLines, roomText, variableObject } from './firmware-show-formats.js'

/** What an edit changed, for people: the variables, Secure Boot, the room, the measurements. */
export function editText(edit: FirmwareEdit, describe: DescribeVariable): string {
  const { output, before, after, effects, findings } = edit
  const [was, is] = [secureBootState(before.variables), secureBootState(after.variables)]
  return [
    colour.bold(printable(output, WHOLE)),
    ...changeLines(edit, describe).map((line) => `  ${line}`),
    `  ${roomText(after)}`,
    ...(was.sentence === is.sentence ? [] : [`  ${is.sentence}`]),
    ...(findings.length === 0 ? [] : findingLines(findings).map((line) => `  ${line}`)),
    colour.bold('measurements'),
    ...effects.sentences.map((sentence) => `  ${sentence}`),
    '',
  ].join('\n')
}

/** The same as one object. */
export function editObject(edit: FirmwareEdit, describe: DescribeVariable): object {
  const { output, after, changes, effects, findings } = edit
  const room = roomOf(after)
  return {
    outcome: 'ok',
    output,
    added: changes.added.map((variable) => variableObject(variable, describe)),
    changed: changes.changed.map((each) => ({
      before: variableObject(each.before, describe),
      after: variableObject(each.after, describe),
    })),
    removed: changes.removed.map((variable) => variableObject(variable, describe)),
    usedBytes: room?.used ?? null,
    freeBytes: room === undefined ? null : room.room - room.used,
    secureBoot: secureBootState(after.variables),
    measurements: effects,
    findings,
  }
}

function changeLines({ changes }: FirmwareEdit, describe: DescribeVariable): readonly string[] {
  const { added, changed, removed } = changes
  const lines = [
    ...added.flatMap((variable) => [
      colour.green(`+ ${named(variable)}, ${attributesText(variable.attributes)}`),
      ...valueLines(variable, describe),
    ]),
    ...changed.flatMap(({ before, after }) => [
      colour.yellow(`~ ${named(after)}`),
      ...attributeLines(before, after),
      ...(before.data.equals(after.data) ? [] : differenceLines(before, after, describe)),
    ]),
    ...removed.flatMap((variable) => [colour.red(`- ${named(variable)}`), ...valueLines(variable, describe)]),
  ]
  return lines.length === 0 ? ['no variable changes'] : lines
}

/** Short values on one line; else each under its own heading. */
function differenceLines(before: StoredVariable, after: StoredVariable, describe: DescribeVariable): readonly string[] {
  const [was, is] = [valueLines(before, describe), valueLines(after, describe)]
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

function valueLines(variable: StoredVariable, describe: DescribeVariable): readonly string[] {
  return describe(variable).map((line) => `    ${printable(line, WHOLE)}`)
}

const LONGEST_LINE = 100
/** What was asked for is never cut. */
const WHOLE = 1_000_000

import { printable } from '../guest/printable.js'
import type { GuestChanges } from '../model/guest-changes.js'
import type { RewriteReport } from '../model/report.js'
import { changesText } from './changes-text.js'
import { colour } from './colours.js'

/** What a test gives. */
export interface TestResult {
  readonly plugin: string
  readonly report: RewriteReport
  readonly changes: GuestChanges
  readonly baseline: 'made' | 'kept'
  readonly seconds: number
  readonly keep?: string
}

/** For --json, and kept beside the output. */
export function resultObject({ plugin, report, changes, baseline, seconds, keep }: TestResult, guest: string): object {
  return {
    schema: 'cvm-plugin-test/1',
    outcome: 'success',
    plugin,
    guest,
    seconds,
    baseline,
    notes: notesOf(report, plugin),
    failedUnits: report.guest?.failedUnits ?? [],
    warnings: report.warnings,
    changes,
    kept: keep ?? null,
  }
}

/** For a person, with a line break at its end; `verbose`: every line of long lists. */
export function resultText({ plugin, report, changes, seconds, keep }: TestResult, verbose: boolean): string {
  const most = verbose ? Number.POSITIVE_INFINITY : LINES_OF_A_GROUP
  const list = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? '' : `${colour.bold(title)}\n${lines.map((line) => `  ${printable(line)}\n`).join('')}`
  return [
    `${colour.green.bold(`${plugin} ran`)}, and this is what it changed:\n`,
    changesText(changes, most),
    list('notes', notesOf(report, plugin)),
    list('failed units', report.guest?.failedUnits ?? []),
    list('warnings of cloud-init', report.guest?.cloudInit?.warnings ?? []),
    `\n${seconds.toFixed(0)} s; `,
    keep === undefined ? 'the image was thrown away (--keep DIR keeps it)\n' : `the image is in ${printable(keep)}\n`,
  ].join('')
}

function notesOf(report: RewriteReport, plugin: string): readonly string[] {
  return report.plugins.find(({ name, stage }) => name === plugin && stage === 'pre-stage')?.notes ?? []
}

const LINES_OF_A_GROUP = 40

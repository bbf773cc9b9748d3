import { printable } from '../guest/printable.js'
import type { BootTestResult, SavedLog } from '../stages/boot-request.js'
import { colour } from './colours.js'
import { errorObject } from './print-error.js'

/** What was seen, as a table for stdout; the error itself is printed apart, on stderr. */
export function resultText(result: BootTestResult, image: string): string {
  const rows = result.milestones.map(
    ({ name, seconds, detail }) =>
      `  ${colour.green('✔')} ${name.padEnd(NAME_WIDTH)}${seconds.toFixed(1).padStart(7)} s  ${colour.dim(printable(detail, DETAIL_WIDTH))}`,
  )
  const lines = ['', ...(rows.length > 0 ? rows : ['  The guest showed no sign of life.'])]
  if (result.restarts > 0) lines.push(`  restarts: ${result.restarts}`)
  if (result.failedUnits.length > 0) lines.push(`  ${colour.yellow('failed units:')} ${list(result.failedUnits)}`)
  if (result.outOfMemory.length > 0)
    lines.push(`  ${colour.yellow('killed for want of memory:')} ${list(result.outOfMemory)}`)
  lines.push(...expectationRows(result))
  if (result.savedLog !== undefined) lines.push('', ...savedLogRows(result.savedLog))
  if (!result.verdict.ok && !isUnexpected(result) && result.tail.length > 0) {
    lines.push('', 'Last console lines:', ...result.tail.map((line) => colour.dim(`  | ${line}`)))
  }
  lines.push('', verdictLine(result, image), '')
  return lines.join('\n')
}

/** A line for each thing that was expected; of those that do not hold also what was seen. */
function expectationRows({ expectations = [] }: BootTestResult): readonly string[] {
  if (expectations.length === 0) return []
  const rows = expectations.map(({ what, ok, expected, seen }) =>
    ok
      ? `  ${colour.green('✔')} ${what}: ${expected}`
      : `  ${colour.red('✖')} ${what}: expected ${expected}; ${colour.yellow(`seen: ${seen}`)}`,
  )
  return ['', 'Expectations:', ...rows]
}

function savedLogRows({ dir, files, registers, differing }: SavedLog): readonly string[] {
  const where = `Saved in ${printable(dir)}: ${files.length === 0 ? 'nothing' : files.join(', ')}`
  if (registers === 0) return [where]
  const equal = `  ${registers - differing.length} of ${registers} TPM registers are what the event log makes of them`
  // Systems go on measuring after the firmware's log ends: IMA, systemd.
  return [where, differing.length === 0 ? equal : `${equal}; not ${list(differing)}`]
}

/** The same for `--json`. */
export function resultObject(result: BootTestResult, image: string): Readonly<Record<string, unknown>> {
  const { verdict, tail, ...rest } = result
  return {
    ok: verdict.ok,
    image,
    ...(verdict.ok ? { reached: verdict.reached } : { error: errorObject(verdict.error) }),
    ...rest,
    ...(verdict.ok ? {} : { tail }),
  }
}

function verdictLine({ verdict, seconds, failedUnits }: BootTestResult, image: string): string {
  const name = printable(image)
  if (!verdict.ok) {
    const what = isUnexpected({ verdict }) ? 'came up, and is not as expected' : 'did not come up'
    return `${colour.red.bold('FAILED')} ${name} ${what} (judged after ${seconds.toFixed(1)} s)`
  }
  const but = failedUnits.length === 0 ? '' : `, with failed units (see above; --strict makes that a failure)`
  return `${colour.green.bold('PASSED')} ${name} reached ${REACHED[verdict.reached]}${but} (judged after ${seconds.toFixed(1)} s)`
}

/** It is up, and something in it is not as --expect says: its console has nothing to say about that. */
function isUnexpected({ verdict }: Pick<BootTestResult, 'verdict'>): boolean {
  return !verdict.ok && verdict.error.code === 'EXPECTATION_FAILED'
}

function list(names: readonly string[]): string {
  return names.map((name) => printable(name, DETAIL_WIDTH)).join(', ')
}

const REACHED = { login: 'its login prompt', 'default target': 'its default target' } as const
const NAME_WIDTH = 20
const DETAIL_WIDTH = 80

import { printable } from '../guest/printable.js'

export interface JunitCase {
  readonly name: string
  readonly seconds: number
  /** What was tested is not so. */
  readonly failure?: JunitProblem
  /** It could not be tested. */
  readonly error?: JunitProblem
}

export interface JunitProblem {
  readonly message: string
  readonly text: string
}

/**
 * A JUnit report with one suite, as GitLab, Jenkins and GitHub's reporters read it.
 *
 * Source of the form: https://github.com/testmoapp/junitxml (there is no standard).
 */
export function junitXml(suite: string, cases: readonly JunitCase[], output: readonly string[]): string {
  const failures = cases.filter((one) => one.failure !== undefined).length
  const errors = cases.filter((one) => one.error !== undefined).length
  const seconds = cases.reduce((sum, one) => sum + one.seconds, 0)
  const counts = `tests="${cases.length}" failures="${failures}" errors="${errors}" skipped="0" time="${seconds.toFixed(1)}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${attribute(suite)}" ${counts}>`,
    ...cases.flatMap((one) => caseLines(suite, one)),
    ...(output.length === 0 ? [] : [`    <system-out>${text(output.join('\n'))}</system-out>`]),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function caseLines(suite: string, { name, seconds, failure, error }: JunitCase): readonly string[] {
  const start = `    <testcase classname="${attribute(suite)}" name="${attribute(name)}" time="${seconds.toFixed(1)}"`
  const problems = [...problemLines('failure', failure), ...problemLines('error', error)]
  return problems.length === 0 ? [`${start}/>`] : [`${start}>`, ...problems, '    </testcase>']
}

function problemLines(kind: 'failure' | 'error', problem: JunitProblem | undefined): readonly string[] {
  if (problem === undefined) return []
  return [`      <${kind} message="${attribute(problem.message)}">${text(problem.text)}</${kind}>`]
}

function attribute(value: string): string {
  return escaped(printable(value, LONGEST)).replaceAll('"', '&quot;')
}

/** Lines stay lines. */
function text(value: string): string {
  return escaped(
    value
      .split('\n')
      .map((line) => printable(line, LONGEST))
      .join('\n'),
  )
}

/** What is printable is allowed in XML 1.0, but for two code points, once the signs of markup are entities. */
function escaped(value: string): string {
  return value
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}

const LONGEST = 4000

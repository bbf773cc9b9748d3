import { printable } from '../guest/printable.js'

export interface JunitCase {
  readonly name: string
  readonly seconds: number
  readonly failure?: { readonly message: string; readonly text: string }
}

/**
 * A JUnit report with one suite, as GitLab, Jenkins and GitHub's reporters read it.
 *
 * Source of the form: https://github.com/testmoapp/junitxml (there is no standard).
 */
export function junitXml(suite: string, cases: readonly JunitCase[], output: readonly string[]): string {
  const failures = cases.filter((one) => one.failure !== undefined).length
  const seconds = cases.reduce((sum, one) => sum + one.seconds, 0)
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="0" time="${seconds.toFixed(1)}"`
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

function caseLines(suite: string, { name, seconds, failure }: JunitCase): readonly string[] {
  const start = `    <testcase classname="${attribute(suite)}" name="${attribute(name)}" time="${seconds.toFixed(1)}"`
  if (failure === undefined) return [`${start}/>`]
  return [
    `${start}>`,
    `      <failure message="${attribute(failure.message)}">${text(failure.text)}</failure>`,
    '    </testcase>',
  ]
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

import { relative } from 'node:path'
import { printable } from '../guest/printable.js'
import type { LintFinding, LintResult, LintSeverity } from '../model/lint.js'
import { colour } from './colours.js'

export type LintFormat = 'text' | 'json' | 'github'

/** The whole answer in one of the formats, with a line break at its end; paths below `base` are shown relative to it. */
export function lintAnswer(result: LintResult, format: LintFormat, base: string): string {
  if (format === 'json') return `${JSON.stringify(lintObject(result, base))}\n`
  const lines = result.findings.map((finding) => (format === 'text' ? textOf(finding, base) : commandOf(finding, base)))
  return `${lines.join('')}${totals(result)}\n`
}

function textOf(finding: LintFinding, base: string): string {
  const { file, line, column, severity, code, text, hint } = finding
  const place = file === undefined ? [] : [shownPath(file, base), line, column].filter(isThere)
  const shown = place.length === 0 ? '' : `${printable(place.join(':'), WHOLE)}: `
  return `${shown}${COLOURS[severity](`${severity}[${code}]`)} ${printable(text)}\n  ${colour.dim(`hint: ${printable(hint)}`)}\n`
}

/**
 * A workflow command of GitHub Actions, which shows the finding at its line in a pull request.
 *
 * Escapes as in actions/toolkit, packages/core/src/command.ts: a message and a property are each one line.
 */
function commandOf({ severity, code, file, line, column, text, hint }: LintFinding, base: string): string {
  const properties = [
    ['file', file === undefined ? undefined : shownPath(file, base)],
    ['line', line],
    ['col', column],
    ['title', code],
  ].filter(([, value]) => isThere(value))
  const shown = properties.map(([name, value]) => `${name}=${escapeProperty(String(value))}`).join(',')
  return `::${LEVELS[severity]} ${shown}::${escapeData(`${text}\n${hint}`)}\n`
}

function lintObject({ findings, checked, skipped }: LintResult, base: string): object {
  return {
    ok: !findings.some(({ severity }) => severity === 'problem'),
    checked,
    skipped,
    findings: findings.map(({ severity, code, plugin, file, line, column, text, hint }) => ({
      severity,
      code,
      plugin: plugin ?? null,
      file: file === undefined ? null : shownPath(file, base),
      line: line ?? null,
      column: column ?? null,
      text,
      hint,
    })),
  }
}

function totals({ findings, checked, skipped }: LintResult): string {
  const count = (wanted: LintSeverity) => {
    const found = findings.filter(({ severity }) => severity === wanted).length
    return `${found} ${wanted}${found === 1 ? '' : 's'}`
  }
  const left = skipped === 0 ? '' : `, ${skipped} skipped`
  return `${checked} plugin${checked === 1 ? '' : 's'} checked${left}: ${count('problem')}, ${count('warning')}, ${count('note')}`
}

function shownPath(file: string, base: string): string {
  const path = relative(base, file)
  return path === '' || path.startsWith('..') ? file : path
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

function isThere(value: unknown): boolean {
  return value !== undefined
}

const LEVELS = { problem: 'error', warning: 'warning', note: 'notice' } as const
const COLOURS = { problem: colour.red, warning: colour.yellow, note: colour.cyan } as const
/** A path to click on is never cut. */
const WHOLE = 100_000

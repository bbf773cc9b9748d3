import { constants } from 'node:os'
import { printable } from '../guest/printable.js'
import { CvmError, Interrupted } from '../model/errors.js'
import { EXIT, exitCodeOfSignal } from '../model/exit.js'
import { colourStderr } from './colours.js'

/**
 * An error as text for stderr, with a line break at its end: what failed, why, what to do.
 *
 * An error that is not ours is a bug and keeps its stack. An interruption says nothing: the person knows.
 */
export function errorText(error: unknown): string {
  if (error instanceof Interrupted) return ''
  if (!(error instanceof CvmError)) return bugText(error)
  const lines = [`${colourStderr.red.bold(`error[${error.code}]`)} ${printable(error.message)}`]
  if (error.why !== undefined && error.why !== '') lines.push(`  ${colourStderr.bold('why:')}  ${printable(error.why)}`)
  lines.push(...error.lines.map((line) => colourStderr.dim(`        | ${printable(line)}`)))
  lines.push(`  ${colourStderr.bold('next:')} ${printable(error.next)}`)
  return `${lines.join('\n')}\n`
}

/** The same error for `--json`: code, message, why, next, lines. */
export function errorObject(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof CvmError) {
    return {
      code: error.code,
      message: printable(error.message),
      ...(error.why === undefined ? {} : { why: printable(error.why) }),
      next: error.next,
      lines: error.lines.map((line) => printable(line)),
    }
  }
  if (error instanceof Interrupted) return { code: error.signal, message: error.message }
  return { code: 'BUG', message: printable(error instanceof Error ? error.message : String(error)) }
}

/** The process exit code that the error stands for: see model/exit.ts; 1 for a bug. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CvmError) return error.exitCode
  if (error instanceof Interrupted) return exitCodeOfSignal(constants.signals[error.signal])
  return EXIT.bug
}

function bugText(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const text = stack
    .split('\n')
    .map((line) => printable(line))
    .join('\n')
  return `${colourStderr.red.bold('bug')} ${text}\n  ${colourStderr.bold('next:')} This is a fault of this program; please report it with the lines above.\n`
}

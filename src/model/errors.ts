import { ERRORS, type ErrorCode } from './error-table.js'
import { EXIT } from './exit.js'

export interface CvmErrorDetails {
  /** The why line: what was seen, with its value. */
  readonly why?: string
  /** The next step; the code's own one when left out. */
  readonly next?: string
  /** Further lines for the person: problems of the same kind, last lines of an output. Made printable by the printer. */
  readonly lines?: readonly string[]
  readonly cause?: unknown
}

/** An error that the user can act on. Anything else that reaches the top is a bug and keeps its stack. */
export class CvmError extends Error {
  override readonly name = 'CvmError'
  readonly code: ErrorCode
  readonly why: string | undefined
  readonly next: string
  readonly lines: readonly string[]

  constructor(code: ErrorCode, message: string, details: CvmErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.why = details.why
    this.next = details.next ?? ERRORS[code].next
    this.lines = details.lines ?? []
  }

  get exitCode(): number {
    return EXIT[ERRORS[this.code].exit]
  }
}

/** The run was ended by a signal; carries the exit code that a shell expects (128 + n). */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly signal: NodeJS.Signals

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`)
    this.signal = signal
  }
}

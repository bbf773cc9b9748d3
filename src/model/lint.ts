/** A run refuses a problem; a warning is most likely a mistake; a note is to be known. */
export type LintSeverity = 'problem' | 'warning' | 'note'

/** One thing that `plugin lint` says. */
export interface LintFinding {
  readonly severity: LintSeverity
  /** Stable: an error code of the program, a code of shellcheck (SC2086), or one of lint's own (NO_README). */
  readonly code: string
  /** Absolute path; absent when it is about all plugins together. */
  readonly file?: string
  /** Both count from 1. */
  readonly line?: number
  readonly column?: number
  /** Name of the plugin that the file belongs to. */
  readonly plugin?: string
  readonly text: string
  readonly hint: string
}

export interface LintResult {
  /** In the order of files and lines; what has no file comes first. */
  readonly findings: readonly LintFinding[]
  readonly checked: number
  readonly skipped: number
}

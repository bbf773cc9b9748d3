import type { ToolCall, ToolResult } from '../model/host.js'

export interface ShellcheckComment {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly level: 'error' | 'warning'
  /** 2086 of SC2086. */
  readonly code: number
  readonly message: string
}

/** One call for many scripts, absolute paths; a .shellcheckrc above a script counts as it does in an editor. */
export function shellcheckCall(paths: readonly string[]): ToolCall {
  return { tool: 'shellcheck', args: ['--format=json1', '--severity=warning', '--', ...paths] }
}

/** What shellcheck found; undefined when it did not answer. It exits 1 with findings, 2 when it met an unreadable file too. */
export function readShellcheck(result: ToolResult): readonly ShellcheckComment[] | undefined {
  if (![0, 1, 2].includes(result.exitCode ?? -1)) return undefined
  try {
    const answer: unknown = JSON.parse(result.stdout)
    const comments = isRecord(answer) ? answer['comments'] : undefined
    return Array.isArray(comments) && comments.every(isComment) ? comments : undefined
  } catch {
    return undefined
  }
}

function isComment(value: unknown): value is ShellcheckComment {
  return (
    isRecord(value) &&
    typeof value['file'] === 'string' &&
    typeof value['line'] === 'number' &&
    typeof value['column'] === 'number' &&
    (value['level'] === 'error' || value['level'] === 'warning') &&
    typeof value['code'] === 'number' &&
    typeof value['message'] === 'string'
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

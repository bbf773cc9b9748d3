/** A call of an external program, ready to run or to show; arrays only, never a shell string. */
export interface ToolCall {
  readonly tool: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** Added to the allow-listed environment. */
  readonly env?: Readonly<Record<string, string>>
}

export interface ToolResult {
  readonly exitCode: number | undefined
  /** Name of the signal that ended the program. */
  readonly signal: string | undefined
  /** Up to the capture limit, the last bytes kept; UTF-8. */
  readonly stdout: string
  readonly stderr: string
  readonly seconds: number
}

/** The unprivileged account that QEMU and libvirt run as when the tool itself runs as root. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

import type { ToolCall } from '../model/host.js'

export const QEMU_SYSTEM = 'qemu-system-x86_64'

/** Starts a virtual machine with these arguments (see src/launch/qemu-arguments.ts); it runs in the foreground. */
export function qemuSystemCall(args: readonly string[], cwd: string): ToolCall {
  return { tool: QEMU_SYSTEM, args, cwd }
}

/** What QEMU itself said when it died, without its name in front: the last line that is not a warning. */
export function qemuLastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/\bwarning: /.test(line))
  return (lines.at(-1) ?? '').replace(/^qemu-system-x86_64: /, '')
}

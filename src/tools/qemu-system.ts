import type { ToolCall } from '../model/host.js'

export const QEMU_SYSTEM = 'qemu-system-x86_64'

/** Starts a virtual machine with these arguments (see src/launch/qemu-arguments.ts); it runs in the foreground. */
export function qemuSystemCall(args: readonly string[], cwd: string | undefined): ToolCall {
  return { tool: QEMU_SYSTEM, args, ...(cwd === undefined ? {} : { cwd }) }
}

/** Asks for the version; the first line is "QEMU emulator version 7.2.22 (Debian …)". */
export function qemuVersionCall(): ToolCall {
  return { tool: QEMU_SYSTEM, args: ['--version'] }
}

/** Lists the types of objects that this QEMU makes, one a line. */
export function qemuObjectsCall(): ToolCall {
  return { tool: QEMU_SYSTEM, args: ['-object', 'help'] }
}

/** Asks for a TD that no QEMU makes; it ends with its objection while it reads its options, before there is a machine. */
export function qemuTdxObjectionCall(): ToolCall {
  const wrong = JSON.stringify({ 'qom-type': 'tdx-guest', id: 'question', 'quote-generation-socket': 1 })
  return { tool: QEMU_SYSTEM, args: ['-object', wrong] }
}

/** What QEMU itself said when it died, without its name in front: the last line that is not a warning. */
export function qemuLastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/\bwarning: /.test(line))
  return (lines.at(-1) ?? '').replace(/^qemu-system-x86_64: /, '')
}

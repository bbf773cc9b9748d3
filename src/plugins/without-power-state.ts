import { isDeepStrictEqual } from 'node:util'
import { readCloudConfig } from './cloud-config.js'

/**
 * A cloud-config with empty lines in place of its power_state, the rest byte for byte, so that line numbers stay.
 * Undefined when it has none, or when it cannot be cut out.
 *
 * The bash tool's user-data.basic ends the guest that way; here it would end it before the run's own last steps.
 */
export function withoutPowerState(bytes: Uint8Array): Buffer | undefined {
  const before = readCloudConfig(bytes, '').config
  if (!before?.has('power_state')) return undefined
  const rest = Buffer.from(blankOut(Buffer.from(bytes).toString('utf8').split('\n')).join('\n'))
  const wanted = new Map([...before].filter(([key]) => key !== 'power_state'))
  return isDeepStrictEqual(readCloudConfig(rest, '').config, wanted) ? rest : undefined
}

/** The key's line and the indented ones below it; comments after them belong to what follows. */
function blankOut(lines: readonly string[]): readonly string[] {
  const start = lines.findIndex((line) => /^["']?power_state["']?[ \t]*:/.test(line))
  if (start === -1) return lines
  let end = start + 1
  for (let at = end; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (/^[ \t]+[^ \t\r]/.test(line)) end = at + 1
    else if (/^[^#\r]/.test(line) && line.trim() !== '') break
  }
  return lines.map((line, at) => (at < start || at >= end ? line : ''))
}

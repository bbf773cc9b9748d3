import type { FirmwareVariable } from './variable.js'
import { wellKnown } from './well-known.js'

/** Contents for a person when nothing more is known than bytes: a simple value, text, or the first bytes as hex. */
export function plainValue({ name, guid, data }: FirmwareVariable): readonly string[] {
  const known = wellKnown(name)
  const simple = known?.guid === guid ? known.form?.show(data) : undefined
  return [simple ?? textOf(data) ?? hexOf(data)]
}

/** ASCII, or UTF-16 of ASCII characters, of at least two characters; a NUL at its end is not shown. */
function textOf(data: Buffer): string | undefined {
  for (const encoding of ['latin1', 'utf16le'] as const) {
    if (encoding === 'utf16le' && data.length % 2 !== 0) continue
    const text = data.toString(encoding).replace(/\0$/, '')
    if (/^[\x20-\x7e]{2,}$/.test(text)) return `"${text}"`
  }
  return undefined
}

function hexOf(data: Buffer): string {
  const shown = data.toString('hex', 0, SHOWN_BYTES)
  return data.length > SHOWN_BYTES ? `${shown}… (${data.length} bytes)` : shown
}

const SHOWN_BYTES = 32

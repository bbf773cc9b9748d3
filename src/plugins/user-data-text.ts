import { firstBadUtf8 } from './file-names.js'

/** Largest single part: far above any sensible script or cloud-config, far below what slows a parser down. */
export const PART_LIMIT_BYTES = 1024 * 1024

/** The text of a user-data part, or what keeps it from being one. The byte order mark stays in the text. */
export function readUserDataText(bytes: Uint8Array): { readonly text: string } | { readonly wrong: string } {
  if (bytes.length > PART_LIMIT_BYTES)
    return { wrong: `has ${bytes.length} bytes; the limit is 1 MiB. Move large content to files/` }
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { wrong: 'is UTF-16; save it as UTF-8' }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { wrong: 'is UTF-16; save it as UTF-8' }
  const bad = firstBadUtf8(bytes)
  if (bad !== undefined) {
    const value = (bytes[bad] ?? 0).toString(16).padStart(2, '0')
    return { wrong: `is not UTF-8: the byte 0x${value} at offset ${bad}` }
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (text.includes('\0')) return { wrong: `is not text: a NUL byte at offset ${Buffer.from(bytes).indexOf(0)}` }
  return { text }
}

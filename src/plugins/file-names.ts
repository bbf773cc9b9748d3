// Names of files are bytes: Linux allows everything but "/" and NUL, and not every name is UTF-8.

/** Order of names that no locale changes: by their bytes. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** A name for people: what is not UTF-8 or not printable is written as `\xNN`. */
export function showName(name: Uint8Array): string {
  let shown = ''
  let rest = Buffer.from(name)
  while (rest.length > 0) {
    const text = rest.toString('utf8')
    const bad = firstBadUtf8(rest)
    shown += escapeControls(bad === undefined ? text : rest.subarray(0, bad).toString('utf8'))
    if (bad === undefined) return shown
    shown += hex(rest[bad] ?? 0)
    rest = rest.subarray(bad + 1)
  }
  return shown
}

/** The name as a string, when it is UTF-8 and so survives the way there and back. */
export function nameAsText(name: Uint8Array): string | undefined {
  return firstBadUtf8(name) === undefined ? Buffer.from(name).toString('utf8') : undefined
}

/** What editors and desktops leave behind: never meant to be part of a plugin. */
export function isEditorJunk(name: string): boolean {
  return (
    name.endsWith('~') ||
    /\.sw[a-p]$/.test(name) ||
    name.endsWith('.bak') ||
    /^#.*#$/.test(name) ||
    name.startsWith('.#') ||
    name === '.DS_Store'
  )
}

/** Offset of the first byte that is not UTF-8; undefined when all of it is. */
export function firstBadUtf8(bytes: Uint8Array): number | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = buffer.toString('utf8')
  let offset = 0
  let from = 0
  for (;;) {
    const index = text.indexOf('\uFFFD', from)
    if (index === -1) return undefined
    // All text before `index` is sound, so its length in bytes is exact.
    offset += Buffer.byteLength(text.slice(from, index))
    const isRealCharacter = buffer[offset] === 0xef && buffer[offset + 1] === 0xbf && buffer[offset + 2] === 0xbd
    if (!isRealCharacter) return offset
    offset += 3
    from = index + 1
  }
}

function escapeControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (control) => hex(control.charCodeAt(0)))
}

function hex(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`
}

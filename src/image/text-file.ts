/** Whether the first kilobyte reads as text: valid UTF-8 without control characters other than white space. */
export function isText(head: Buffer): boolean {
  const start = head.subarray(0, 1024)
  if (start.length === 0) return false
  for (const byte of start) {
    if (byte === 0x7f || (byte < 0x20 && !WHITE_SPACE.has(byte))) return false
  }
  // A character cut at the end of the sample is no reason to doubt.
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    decoder.decode(start, { stream: true })
    return true
  } catch {
    return false
  }
}

const WHITE_SPACE: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b])

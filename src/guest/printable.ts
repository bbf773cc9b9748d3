/**
 * Makes text from the guest, or from a program that repeats the guest's words, safe for a terminal and a report: one line
 * without control characters, terminal sequences (removed as wholes), format characters (bidi controls among them) or
 * lone surrogates. Line breaks and tabs become spaces; what is longer than `maxCharacters` is cut, with a mark.
 */
export function printable(text: string, maxCharacters: number = MAX_CHARACTERS): string {
  const clean = text
    .replace(TERMINAL_SEQUENCES, '')
    .replace(SPACE_LIKE, ' ')
    .replace(HARMFUL, '')
    .replace(LONE_SURROGATES, '\ufffd')
    .trimEnd()
  return cut(clean, maxCharacters)
}

function cut(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text
  // Do not leave half of a surrogate pair behind.
  const end = /[\ud800-\udbff]/.test(text.charAt(maxCharacters - 1)) ? maxCharacters - 1 : maxCharacters
  return `${text.slice(0, end)}… (+${text.length - end} characters)`
}

const MAX_CHARACTERS = 500

// ECMA-48: string sequences (OSC, DCS, SOS, PM, APC) up to their end or the end of the line, then CSI, then the short ones.
// Every alternative begins with ESC or a C1 byte and stops before the next one, so the time is linear.
const TERMINAL_SEQUENCES =
  /(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n\r]*(?:\x07|\x1b\\|\x9c)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-Z\\^_`-~]/g

const SPACE_LIKE = /[\t\n\v\f\r\u0085\u2028\u2029]+/g

// Cc: C0, DEL, C1. Cf: bidi controls, zero-width characters, soft hyphen, byte order mark, tags.
const HARMFUL = /[\p{Cc}\p{Cf}]/gu

const LONE_SURROGATES = /\p{Cs}/gu

export type WrittenBytes =
  | { readonly ok: true; readonly bytes: Buffer; readonly form: 'hex' | 'base64' }
  | { readonly ok: false; readonly why: string; readonly next: string }

/**
 * The bytes that a word writes in hex or base64, when they are as many as wanted.
 *
 * The form is seen from the word, or said: `hex:…`, `base64:…`. A word of hex digits only is hex. One case is refused: 64 hex
 * digits where 48 bytes are wanted, which are 32 bytes as hex and 48 as base64. It is nearly always a SHA-256.
 */
export function writtenBytes(word: string, wantedBytes: number): WrittenBytes {
  const said = /^(hex|base64):(.*)$/s.exec(word)
  if (said !== null) return ofForm(said[1] === 'hex' ? 'hex' : 'base64', said[2] ?? '', wantedBytes)
  if (word === '') return refused('it is empty', `Give ${wantedBytes} bytes in hex or base64.`)

  const hex = hexBytes(word)
  const base64 = base64Bytes(word)
  if (hex !== undefined && hex.length !== wantedBytes && base64?.length === wantedBytes) {
    const padded = hex.length < wantedBytes ? `, zeros on the right make it ${wantedBytes}: pad:${word}` : ''
    return refused(
      `its ${word.length} characters are ${hex.length} bytes as hex and ${wantedBytes} bytes as base64`,
      `Say which it is. If it is hex${padded}. If it is base64: base64:${word}`,
    )
  }
  if (hex !== undefined) return ofForm('hex', word, wantedBytes)
  if (base64 !== undefined) return ofForm('base64', word, wantedBytes)
  return refused(`${lengthOf(word)} are neither hex nor base64`, FORMS)
}

function ofForm(form: 'hex' | 'base64', text: string, wantedBytes: number): WrittenBytes {
  const bytes = form === 'hex' ? hexBytes(text) : base64Bytes(text)
  if (bytes === undefined) {
    return form === 'hex'
      ? refused(
          `${lengthOf(text)} are not hex`,
          'Hex is two of 0-9 and a-f for each byte, with or without 0x before it.',
        )
      : refused(
          `${lengthOf(text)} are not base64`,
          'Base64 has the characters A-Z, a-z, 0-9, + and /, and = at the end until it is a multiple of four.',
        )
  }
  if (bytes.length === wantedBytes) return { ok: true, bytes, form }
  return refused(
    `${bytes.length === 1 ? 'it is 1 byte' : `it is ${bytes.length} bytes`} in ${form}, and ${wantedBytes} are wanted`,
    bytes.length === PADDABLE_BYTES && wantedBytes > PADDABLE_BYTES
      ? `If it is a SHA-256, zeros on the right make it ${wantedBytes}: pad:${form}:${text}`
      : `Give ${wantedBytes} bytes: ${wantedBytes * 2} characters of hex, or ${Math.ceil(wantedBytes / 3) * 4} of base64.`,
  )
}

/** A SHA-256 in a longer field: zeros on the right. */
export const PADDABLE_BYTES = 32

function hexBytes(text: string): Buffer | undefined {
  const digits = /^(?:0x)?((?:[0-9a-f]{2})+)$/i.exec(text)?.[1]
  return digits === undefined ? undefined : Buffer.from(digits, 'hex')
}

/** Only the one spelling that base64 has for the bytes: padded, no bits left over, no other alphabet. */
function base64Bytes(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined
}

function lengthOf(text: string): string {
  return `the ${text.length} characters`
}

function refused(why: string, next: string): WrittenBytes {
  return { ok: false, why, next }
}

const FORMS = 'Give hex, base64, or say the form: hex:…, base64:…, or what to make it of, such as file:PATH.'

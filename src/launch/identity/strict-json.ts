/** JSON as it was written: objects are maps, in which no key can mean anything else. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | ReadonlyMap<string, JsonValue>

/** What is wrong with a JSON text, and where: "line 3, column 7: …". */
export class JsonFault extends Error {
  override readonly name = 'JsonFault'
}

/**
 * Reads JSON that has one meaning only, as RFC 8785, 3.1 asks (I-JSON, RFC 7493).
 *
 * JSON.parse takes more: of two equal keys the last one, half of a surrogate pair, and numbers that change when they are read.
 *
 * @throws {JsonFault}
 */
export function parseStrictJson(text: string): JsonValue {
  const reader = { text, at: 0 }
  const value = readValue(reader, 0)
  skipSpace(reader)
  if (reader.at < text.length) throw fault(reader, 'something stands behind the end of the value')
  return value
}

interface Reader {
  readonly text: string
  at: number
}

function readValue(reader: Reader, depth: number): JsonValue {
  skipSpace(reader)
  if (depth > MAX_DEPTH) throw fault(reader, `more than ${MAX_DEPTH} arrays and objects inside of each other`)
  const start = reader.text.charAt(reader.at)
  if (start === '{') return readObject(reader, depth)
  if (start === '[') return readArray(reader, depth)
  if (start === '"') return readString(reader)
  for (const [word, value] of LITERALS) {
    if (reader.text.startsWith(word, reader.at)) {
      reader.at += word.length
      return value
    }
  }
  return readNumber(reader)
}

function readObject(reader: Reader, depth: number): ReadonlyMap<string, JsonValue> {
  const members = new Map<string, JsonValue>()
  reader.at += 1
  if (taken(reader, '}')) return members
  do {
    skipSpace(reader)
    if (reader.text.charAt(reader.at) !== '"') throw fault(reader, 'a key in quotes is missing here')
    const before = reader.at
    const key = readString(reader)
    if (members.has(key)) {
      reader.at = before
      throw fault(reader, `the key ${JSON.stringify(key)} stands twice in one object`)
    }
    if (!taken(reader, ':')) throw fault(reader, 'a colon is missing here')
    members.set(key, readValue(reader, depth + 1))
  } while (taken(reader, ','))
  if (!taken(reader, '}')) throw fault(reader, 'a comma or the end of the object is missing here')
  return members
}

function readArray(reader: Reader, depth: number): readonly JsonValue[] {
  const items: JsonValue[] = []
  reader.at += 1
  if (taken(reader, ']')) return items
  do items.push(readValue(reader, depth + 1))
  while (taken(reader, ','))
  if (!taken(reader, ']')) throw fault(reader, 'a comma or the end of the array is missing here')
  return items
}

function readString(reader: Reader): string {
  const { text, at } = reader
  let end = at + 1
  while (end < text.length && text.charAt(end) !== '"') end += text.charAt(end) === '\\' ? 2 : 1
  if (end >= text.length) throw fault(reader, 'the text in quotes does not end')
  const value = decoded(reader, text.slice(at, end + 1))
  if (/\p{Cs}/u.test(value)) throw fault(reader, 'half of a surrogate pair is no character')
  reader.at = end + 1
  return value
}

/** The escapes of one string are where JSON.parse is as strict as we are. */
function decoded(reader: Reader, token: string): string {
  try {
    return String(JSON.parse(token))
  } catch {
    throw fault(reader, 'the text in quotes has an escape that JSON does not know, or a control character')
  }
}

function readNumber(reader: Reader): number {
  NUMBER.lastIndex = reader.at
  const token = NUMBER.exec(reader.text)?.[0]
  if (token === undefined) throw fault(reader, 'a value is missing here')
  const value = Number(token)
  if (!Number.isFinite(value)) throw fault(reader, `the number ${shown(token)} is too large`)
  // Else two documents had one digest. RFC 8785, 3.1: such a number belongs into quotes.
  if (/^-?\d+$/.test(token) && BigInt(token) !== wholeNumber(String(value))) {
    throw fault(reader, `the number ${shown(token)} would become ${value}; write it in quotes`)
  }
  reader.at += token.length
  return value
}

/** Of `120`, or `1.2e+22` as large numbers are written. */
function wholeNumber(written: string): bigint {
  const [mantissa = '', exponent = '0'] = written.split('e+')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return BigInt(whole + fraction.padEnd(Number(exponent), '0'))
}

function taken(reader: Reader, character: string): boolean {
  skipSpace(reader)
  if (reader.text.charAt(reader.at) !== character) return false
  reader.at += 1
  return true
}

function skipSpace(reader: Reader): void {
  while (' \t\n\r'.includes(reader.text.charAt(reader.at)) && reader.at < reader.text.length) reader.at += 1
}

function shown(token: string): string {
  return token.length > 40 ? `${token.slice(0, 40)}…` : token
}

function fault({ text, at }: Reader, what: string): JsonFault {
  const before = text.slice(0, at).split('\n')
  return new JsonFault(`line ${before.length}, column ${(before.at(-1) ?? '').length + 1}: ${what}`)
}

const LITERALS = [
  ['null', null],
  ['true', true],
  ['false', false],
] as const
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
/** Far below what our own calls can nest. */
const MAX_DEPTH = 500

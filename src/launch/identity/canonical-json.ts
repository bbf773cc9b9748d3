import { JsonFault, type JsonValue, parseStrictJson } from './strict-json.js'

export type CanonicalJson = { readonly ok: true; readonly bytes: Buffer } | { readonly ok: false; readonly why: string }

/** The canonical form of a JSON document (RFC 8785, JSON Canonicalization Scheme): the same bytes for the same content. */
export function canonicalJson(document: Buffer): CanonicalJson {
  try {
    return { ok: true, bytes: Buffer.from(canonical(parseStrictJson(decodedUtf8(document))), 'utf8') }
  } catch (error) {
    if (error instanceof JsonFault) return { ok: false, why: error.message }
    throw error
  }
}

function decodedUtf8(document: Buffer): string {
  try {
    // A byte order mark is kept, and refused as what it is in JSON: no white space (RFC 8259, 8.1).
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(document)
  } catch {
    throw new JsonFault('it is not valid UTF-8')
  }
}

function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value instanceof Map) {
    const members = [...value].sort(([one], [other]) => byUtf16(one, other))
    return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
  }
  // RFC 8785, 3.2.2 takes literals, strings and numbers (−0 is 0) as ECMAScript itself writes them.
  return JSON.stringify(value)
}

/** RFC 8785, 3.2.3: keys are ordered by their UTF-16 units; so are the strings of JavaScript. */
function byUtf16(one: string, other: string): number {
  return one < other ? -1 : 1
}

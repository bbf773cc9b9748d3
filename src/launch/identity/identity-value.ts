import { createHash } from 'node:crypto'
import { CvmError } from '../../model/errors.js'
import { canonicalJson } from './canonical-json.js'
import { type FieldFacts, IDENTITY_FIELDS, type IdentityField, type IdentityValue } from './identity-field.js'
import { readPublicKey } from './public-key.js'
import { PADDABLE_BYTES, writtenBytes } from './written-bytes.js'

/** Reads a whole file; its errors are for a person. */
export type ReadFile = (path: string) => Promise<Buffer>

/**
 * The value that a word gives to a field.
 *
 * Words: hex or base64, `hex:…`, `base64:…`, `pad:…` (32 bytes in either form, zeros on the right), `file:PATH` (digest of the
 * bytes), `pubkey:PATH` (digest of the DER SubjectPublicKeyInfo), `json:PATH` (digest of the canonical JSON); for the two ids of
 * the ID block, which hold no digest, `text:NAME` (up to 16 bytes of UTF-8, zeros on the right).
 *
 * @throws {CvmError} IDENTITY_INVALID, and what `read` throws.
 */
export async function readIdentityValue(word: string, field: IdentityField, read: ReadFile): Promise<IdentityValue> {
  const facts: FieldFacts = IDENTITY_FIELDS[field]
  const [, form, rest = ''] = /^([a-z0-9-]+):(.*)$/is.exec(word) ?? []
  switch (form) {
    case undefined:
    case 'hex':
    case 'base64':
      return { field, ...given(word, facts) }
    case 'pad':
      return { field, ...padded(rest, facts) }
    case 'text':
      return { field, ...named(rest, facts) }
    case 'file':
    case 'pubkey':
    case 'json':
      return { field, ...(await digested(form, rest, facts, read)) }
    default:
      throw invalid(facts, `the form ${JSON.stringify(form.slice(0, 40))} is not known`, formsOf(facts))
  }
}

type Made = Pick<IdentityValue, 'bytes' | 'madeFrom'>

function given(word: string, facts: FieldFacts): Made {
  const written = writtenBytes(word, facts.sizeBytes)
  if (!written.ok) throw invalid(facts, written.why, written.next)
  return { bytes: written.bytes, madeFrom: `${facts.sizeBytes} bytes given in ${written.form}` }
}

function padded(word: string, facts: FieldFacts): Made {
  if (facts.sizeBytes <= PADDABLE_BYTES) {
    throw invalid(facts, `pad: is for fields longer than ${PADDABLE_BYTES} bytes`, formsOf(facts))
  }
  const written = writtenBytes(word, PADDABLE_BYTES)
  if (!written.ok) throw invalid(facts, `behind pad: ${written.why}`, written.next)
  const madeFrom = `${PADDABLE_BYTES} bytes given in ${written.form}, with zeros on the right`
  return { bytes: Buffer.concat([written.bytes], facts.sizeBytes), madeFrom }
}

function named(text: string, facts: FieldFacts): Made {
  if (facts.digest !== undefined) throw invalid(facts, 'text: is for family-id and image-id', formsOf(facts))
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length === 0 || bytes.length > facts.sizeBytes) {
    throw invalid(facts, `the text has ${bytes.length} bytes`, `Give 1 to ${facts.sizeBytes} bytes of text.`)
  }
  if (/\p{C}/u.test(text)) throw invalid(facts, 'the text has control or format characters', 'Give a plain name.')
  return {
    bytes: Buffer.concat([bytes], facts.sizeBytes),
    madeFrom: `the text ${JSON.stringify(text)}, with zeros on the right`,
  }
}

async function digested(
  form: 'file' | 'pubkey' | 'json',
  path: string,
  facts: FieldFacts,
  read: ReadFile,
): Promise<Made> {
  if (facts.digest === undefined) {
    throw invalid(facts, `no digest fits into its ${facts.sizeBytes} bytes`, formsOf(facts))
  }
  if (path === '') throw invalid(facts, `no path stands behind ${form}:`, `Give one: ${form}:PATH`)
  const content = await read(path)
  if (content.length === 0) throw invalid(facts, `${path} is empty`, 'Give a file with content.')
  const { bytes, words } = SOURCES[form](content, path, facts)
  return {
    bytes: createHash(facts.digest).update(bytes).digest(),
    madeFrom: `${DIGEST_WORDS[facts.digest]} of ${words}`,
  }
}

type Source = (content: Buffer, path: string, facts: FieldFacts) => { readonly bytes: Buffer; readonly words: string }

const SOURCES: Readonly<Record<'file' | 'pubkey' | 'json', Source>> = {
  file: (content, path) => ({
    bytes: content,
    words: `the ${content.length === 1 ? 'one byte' : `${content.length} bytes`} of ${path}`,
  }),
  pubkey: (content, path, facts) => {
    const key = readPublicKey(content.toString('latin1'))
    if (!key.ok) throw invalid(facts, `${path}: ${key.why}`, key.next)
    const whose = key.fromCertificate ? `the public key of the certificate ${path}` : `the public key ${path}`
    return { bytes: key.der, words: `${whose} (${key.kind}; SubjectPublicKeyInfo, ${key.der.length} bytes of DER)` }
  },
  json: (content, path, facts) => {
    const json = canonicalJson(content)
    if (!json.ok)
      throw invalid(facts, `${path}: ${json.why}`, 'Mend the JSON, or take its bytes as they are: file:PATH')
    return { bytes: json.bytes, words: `the ${json.bytes.length} bytes of ${path} in canonical form (RFC 8785)` }
  },
}

function invalid(facts: FieldFacts, why: string, next: string): CvmError {
  return new CvmError('IDENTITY_INVALID', `the value for ${facts.title} cannot be used`, { why, next })
}

function formsOf({ sizeBytes, digest }: FieldFacts): string {
  if (digest === undefined) return `Give ${sizeBytes} bytes in hex or base64, or text:NAME.`
  const pad = sizeBytes > PADDABLE_BYTES ? ', pad:…' : ''
  return `Give ${sizeBytes} bytes in hex or base64 (hex:…, base64:…${pad}), or file:PATH, pubkey:PATH, json:PATH.`
}

const DIGEST_WORDS = { sha384: 'SHA-384', sha256: 'SHA-256' } as const

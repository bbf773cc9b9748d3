import { z } from 'zod'
import { nearestWord } from '../nearest-word.js'

/** The schema's finding in words for the author of a plugin.yaml; values are named only by their kind. */
export function wordsOf(issue: z.core.$ZodIssue, known: readonly string[]): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, known)).join('; ')
    case 'invalid_type':
      return `must be ${article(issue.expected)}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'invalid_key':
      return 'is no name of an option: capital letters, digits and underscores, a letter first'
    case 'invalid_union':
      return 'must be a text, a whole number, true, false, or a list of these'
    case 'invalid_format':
      return 'has a form that is not allowed here'
    case 'too_small':
      return issue.origin === 'number' ? `must be at least ${issue.minimum}` : 'must not be empty'
    case 'too_big':
      return `must be at most ${issue.maximum}`
    default:
      return 'is not allowed here'
  }
}

/** The keys that the schema knows at a path. */
export function keysAt(schema: z.ZodType, path: readonly (string | number)[]): readonly string[] {
  const inner = unwrapped(schema)
  if (path.length === 0) return inner instanceof z.ZodObject ? Object.keys(inner.shape) : []
  const [step = '', ...rest] = path
  if (inner instanceof z.ZodObject) {
    const next: unknown = inner.shape[step]
    return next instanceof z.ZodType ? keysAt(next, rest) : []
  }
  return inner instanceof z.ZodRecord && inner.valueType instanceof z.ZodType ? keysAt(inner.valueType, rest) : []
}

function unwrapped(schema: z.ZodType): z.ZodType {
  const inner: unknown = schema instanceof z.ZodExactOptional ? schema.unwrap() : schema
  return inner instanceof z.ZodType ? inner : schema
}

function unknownKey(key: string, known: readonly string[]): string {
  const nearest = nearestWord(key, known)
  const shown = JSON.stringify(key.slice(0, 60))
  if (nearest !== undefined) return `${shown} is no key here; did you mean ${nearest}?`
  return `${shown} is no key here; there are: ${known.join(', ')}`
}

function article(kind: string): string {
  return KINDS[kind] ?? `a ${kind}`
}

const KINDS: Readonly<Record<string, string>> = {
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
  array: 'a list',
  string: 'a text (put a number or true in quotes)',
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
}

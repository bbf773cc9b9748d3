import { z } from 'zod'
import { nearestWord } from '../nearest-word.js'
import type { YamlPath } from './yaml-places.js'

/** One mistake that the schema has found, for the author of a plugin.yaml. Values are named only by their kind. */
export interface SchemaMistake {
  readonly path: YamlPath
  /** The key is wrong, and not what stands behind it. */
  readonly atKey: boolean
  readonly what: string
}

/** What the schema has found in `value`, in words, in its order. */
export function mistakesOf(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  value: unknown,
): readonly SchemaMistake[] {
  return issues
    .flatMap((issue) => mistakesOfOne(issue, stepsOf(issue.path), schema))
    .map((mistake) => (mistake.atKey || isThere(value, mistake.path) ? mistake : { ...mistake, what: 'is missing' }))
}

function isThere(value: unknown, path: YamlPath): boolean {
  let inner = value
  for (const step of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, step)) return false
    inner = Reflect.get(inner, step)
  }
  return true
}

function mistakesOfOne(issue: z.core.$ZodIssue, path: YamlPath, schema: z.ZodType): readonly SchemaMistake[] {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path)
    const told = issue.keys.slice(0, MOST_KEYS)
    const left = issue.keys.length - told.length
    return [
      ...told.map((key) => ({ path: [...path, key], atKey: true, what: unknownKey(key, known, schema) })),
      ...(left === 0 ? [] : [{ path, atKey: false, what: `has ${left} more keys that are not known here` }]),
    ]
  }
  if (issue.code === 'invalid_key') return [{ path, atKey: true, what: issue.issues[0]?.message ?? NOT_ALLOWED }]
  if (issue.code !== 'invalid_union') return [{ path, atKey: false, what: wordsOf(issue) }]
  const meant = branchMeant(issue)
  if (meant === undefined) return [{ path, atKey: false, what: `must be ${listed(kindsOf(issue))}` }]
  return meant.flatMap((inner) => mistakesOfOne(inner, [...path, ...stepsOf(inner.path)], schema))
}

/** The findings of the form whose kind of value this is: what it should have been in detail. */
function branchMeant(issue: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const fitting = issue.errors.filter((branch) => !branch.some(isOfWrongKind))
  return fitting.find((branch) => !branch.some(isAnotherWord)) ?? fitting[0]
}

/** Of a form that is one word, such as auto; what stands there may be a list, whose items say more. */
function isAnotherWord({ code, path }: z.core.$ZodIssue): boolean {
  return code === 'invalid_value' && path.length === 0
}

function isOfWrongKind(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false
  return issue.code === 'invalid_type' || (issue.code === 'invalid_union' && branchMeant(issue) === undefined)
}

/** The kinds of value that the forms of a union take. */
function kindsOf(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === 'invalid_union') return [...new Set(issue.errors.flatMap((branch) => branch.flatMap(kindsOf)))]
  return issue.code === 'invalid_type' ? [kindName(issue.expected)] : []
}

function wordsOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kindName(issue.expected)}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'custom':
    case 'invalid_format':
      // Each form of the schema has its own words.
      return issue.message
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `must be at least ${issue.minimum}`
        : 'must not be empty'
    case 'too_big':
      return `must be at most ${issue.maximum}`
    default:
      return NOT_ALLOWED
  }
}

function unknownKey(key: string, known: readonly string[], schema: z.ZodType): string {
  const shown = JSON.stringify(key.slice(0, LONGEST_SHOWN))
  const nearest = nearestWord(key, known)
  if (nearest !== undefined) return `${shown} is no key here; did you mean ${nearest}?`
  const home = homeOf(key, schema, '')
  if (home !== undefined) return `${shown} is no key here; it stands in ${home}`
  return `${shown} is no key here; there are: ${known.join(', ')}`
}

/** Where in a manifest there is such a key. */
function homeOf(key: string, schema: z.ZodType, path: string): string | undefined {
  for (const [name, inner] of Object.entries(shapeOf(schema))) {
    if (name === key && path !== '') return path
    const found = homeOf(key, inner, path === '' ? name : `${path}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** The keys that the schema knows at a path. */
function keysAt(schema: z.ZodType, path: YamlPath): readonly string[] {
  const [step, ...rest] = path
  if (step === undefined) return Object.keys(shapeOf(schema))
  return innersOf(schema, step).flatMap((inner) => keysAt(inner, rest))
}

function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  const plain = unwrapped(schema)
  if (plain instanceof z.ZodUnion) return Object.assign({}, ...plain.options.filter(isSchema).map(shapeOf))
  return plain instanceof z.ZodObject ? plain.shape : {}
}

function innersOf(schema: z.ZodType, step: string | number): readonly z.ZodType[] {
  const plain = unwrapped(schema)
  if (plain instanceof z.ZodUnion) return plain.options.filter(isSchema).flatMap((option) => innersOf(option, step))
  if (plain instanceof z.ZodObject) return [plain.shape[step]].filter(isSchema)
  if (plain instanceof z.ZodArray) return [plain.element].filter(isSchema)
  return plain instanceof z.ZodRecord ? [plain.valueType].filter(isSchema) : []
}

function unwrapped(schema: z.ZodType): z.ZodType {
  const inner: unknown = schema instanceof z.ZodExactOptional ? schema.unwrap() : schema
  return isSchema(inner) ? inner : schema
}

function isSchema(value: unknown): value is z.ZodType {
  return value instanceof z.ZodType
}

function stepsOf(path: readonly PropertyKey[]): YamlPath {
  return path.map((step) => (typeof step === 'number' ? step : String(step)))
}

function kindName(kind: string): string {
  return KINDS[kind] ?? `a ${kind}`
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

const NOT_ALLOWED = 'is not allowed here'
const LONGEST_SHOWN = 60
/** Of one mapping. */
const MOST_KEYS = 20
const KINDS: Readonly<Record<string, string>> = {
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
  array: 'a list',
  string: 'a text (put numbers and the like in quotes)',
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
}

import { CvmError } from './errors.js'
import { SECRET } from './manifest.js'

/** Gives back what it gets, with every secret in any of its texts replaced: texts, arrays, plain objects and CvmErrors. */
export type Hide = <Value>(value: Value) => Value

/** Below this, a value would be found in texts that have nothing to do with it. */
export const SHORTEST_SECRET = 6

/** The values that nobody may see: of variables that a plugin.yaml calls secret, or whose name speaks of a secret. */
export function secretValues(
  variables: Readonly<Record<string, string>>,
  secrets: readonly string[],
): readonly string[] {
  return Object.entries(variables)
    .filter(([name]) => isSecret(name, secrets))
    .flatMap(([, value]) => value.split('\n'))
    .filter((value) => value.length >= SHORTEST_SECRET)
}

export function isSecret(name: string, secrets: readonly string[]): boolean {
  return secrets.includes(name) || SECRET_NAME.test(name)
}

/** @param values as secretValues gives them */
export function hider(values: readonly string[]): Hide {
  if (values.length === 0) return (value) => value
  // The longer ones first: one may be the beginning of another.
  const ordered = [...values].sort((one, other) => other.length - one.length)
  const inText = (text: string) => ordered.reduce((shown, value) => shown.replaceAll(value, SECRET), text)
  const inAny = (value: unknown): unknown => {
    if (typeof value === 'string') return inText(value)
    if (Array.isArray(value)) return value.map(inAny)
    if (value instanceof CvmError) return inError(value, inText)
    if (!isPlain(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inAny(item)]))
  }
  return <Value>(value: Value) => inAny(value) as Value
}

function inError(error: CvmError, inText: (text: string) => string): CvmError {
  const { code, message, why, next, lines, cause } = error
  return new CvmError(code, inText(message), {
    ...(why === undefined ? {} : { why: inText(why) }),
    next: inText(next),
    lines: lines.map(inText),
    cause,
  })
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

const SECRET_NAME = /PASS|SECRET|TOKEN|PRIVATE/

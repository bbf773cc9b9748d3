import { APPRAISE_TYPES, HASHES, HOOKS, MASKS, TEMPLATES } from './ima-grammar.js'
import { nearestWord } from './nearest-word.js'

/** What is wrong with the value of a condition; undefined when the kernel takes it. */
export function wrongValue(name: string, value: string): string | undefined {
  return VALUE_RULES.get(name)?.(value)
}

/** A user or group number: what kstrtoul(…, 10) takes and make_kuid finds valid. */
export function wrongId(name: string, value: string): string | undefined {
  if (!/^\+?\d+$/.test(value)) return `${name} needs a decimal number, not "${value}"`
  return BigInt(value.replace('+', '')) < INVALID_ID ? undefined : `${name} ${value} is too large`
}

export function oneOf(what: string, value: string, words: readonly string[]): string | undefined {
  if (words.includes(value)) return undefined
  const nearest = nearestWord(value, words)
  return `unknown ${what} "${value}"${nearest === undefined ? '' : `; did you mean ${nearest}?`}`
}

function wrongMask(value: string): string | undefined {
  return oneOf('mask', value.replace(/^\^/, ''), MASKS)
}

function wrongMagic(value: string): string | undefined {
  const digits = /^\+?(?:0[xX])?([0-9a-fA-F]+)$/.exec(value)?.[1]
  if (digits === undefined) return `fsmagic needs a hexadecimal number, not "${value}"`
  return digits.replace(/^0+/, '').length <= 16 ? undefined : `fsmagic ${value} does not fit in 64 bits`
}

/** uuid_parse of the kernel looks at the first 36 characters and at nothing after them. */
function wrongUuid(value: string): string | undefined {
  const isUuid = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/.test(value)
  return isUuid ? undefined : `fsuuid needs a UUID such as 8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6, not "${value}"`
}

/** One bit of an unsigned long each (INVALID_PCR). */
function wrongPcr(value: string): string | undefined {
  const number = /^\+?\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  return number >= 0 && number < 64 ? undefined : `pcr needs a number from 0 to 63, not "${value}"`
}

function wrongAlgorithms(value: string): string | undefined {
  for (const name of value.split(',')) {
    const wrong = oneOf('hash algorithm', name, HASHES)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

/** Only a near miss of a known template is surely wrong: kernels of distributions bring more of them. */
function wrongTemplate(value: string): string | undefined {
  if (TEMPLATES.includes(value) || value.includes('|')) return undefined
  const nearest = nearestWord(value, TEMPLATES)
  return nearest === undefined ? undefined : `unknown template "${value}"; did you mean ${nearest}?`
}

function wrongList(value: string): string | undefined {
  return value.split('|').includes('') ? `"${value}" has an empty item` : undefined
}

const VALUE_RULES: ReadonlyMap<string, (value: string) => string | undefined> = new Map([
  ['func', (value) => oneOf('func', value, [...HOOKS.keys()])],
  ['mask', wrongMask],
  ['fsmagic', wrongMagic],
  ['fsuuid', wrongUuid],
  ['pcr', wrongPcr],
  ['appraise_algos', wrongAlgorithms],
  ['template', wrongTemplate],
  ['keyrings', wrongList],
  ['label', wrongList],
  ['digest_type', (value) => oneOf('digest_type', value, ['verity'])],
  // "imasig|modsig" needs a build option, and sigv3 without fs-verity a recent kernel: taken.
  ['appraise_type', (value) => oneOf('appraise_type', value, APPRAISE_TYPES)],
])

/** (uid_t) -1 is no user. */
const INVALID_ID = 0xffff_ffffn

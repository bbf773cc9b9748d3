import { isReserved } from './manifest/reserved-names.js'
import { type PluginName, parsePluginName, whyNoPluginName } from './plugin-name.js'

/** What to do with a name that somebody typed for a new plugin. */
export type NewName =
  | { readonly kind: 'good'; readonly name: PluginName; readonly numberChosen: boolean }
  /** `nearest`: the right name that it was probably meant to be; undefined when nothing is left of it. */
  | { readonly kind: 'wrong'; readonly why: string; readonly nearest: string | undefined }

/** A full name as it is; a name without a number gets one that is free. `taken` are the names of the plugins beside it. */
export function newPluginName(typed: string, taken: readonly string[]): NewName {
  const full = parsePluginName(typed)
  if (full !== undefined) return { kind: 'good', name: full, numberChosen: false }
  const titled = parsePluginName(`${freeNumber(taken)}-${typed}`)
  if (titled !== undefined && !/^\d+(?:[-_.]|$)/.test(typed)) return { kind: 'good', name: titled, numberChosen: true }
  return { kind: 'wrong', why: whyNoPluginName(typed), nearest: nearestName(typed, taken) }
}

/** The plugins that have the same number, which are then ordered by their full names. */
export function sameNumber(name: PluginName, taken: readonly string[]): readonly string[] {
  return taken.filter((other) => parsePluginName(other)?.number === name.number)
}

/** The plugin's title as the beginning of an environment variable's name, which may not be one that means something already. */
export function optionPrefix({ title }: PluginName): string {
  const word = title
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/_$/, '')
    .slice(0, LONGEST_WORD)
  return /^[A-Z]/.test(word) && !isReserved(`${word}_`) ? word : `PLUGIN_${word}`
}

/** The plugin's title as the name of a user (useradd(8)). */
export function userName({ title }: PluginName): string {
  const word = title.replaceAll('.', '-').slice(0, LONGEST_WORD)
  return /^[a-z_]/.test(word) ? word : `_${word}`
}

function nearestName(typed: string, taken: readonly string[]): string | undefined {
  const [, digits = '', rest = ''] = /^(\d*)[-_ ]*(.*)$/s.exec(typed) ?? []
  const title = rest
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[.-]+$/g, '')
  const number = digits !== '' && Number(digits) < 100 ? String(Number(digits)).padStart(2, '0') : freeNumber(taken)
  return parsePluginName(`${number}-${title}`)?.name
}

/** Room for others before and behind: tens first, from 20; then any. */
function freeNumber(taken: readonly string[]): string {
  const used = new Set(taken.map((name) => parsePluginName(name)?.number))
  const free = [...TENS, ...Array.from({ length: 99 }, (_, index) => index + 1)].find((number) => !used.has(number))
  return String(free ?? TENS[0]).padStart(2, '0')
}

const TENS = [20, 30, 40, 50, 60, 70, 80]
/** A user's name has at most 32 characters. */
const LONGEST_WORD = 31

import { nearestWord } from './nearest-word.js'

export interface PluginName {
  /** `03-netplan` */
  readonly name: string
  /** 3 */
  readonly number: number
  /** `netplan` */
  readonly title: string
}

/** The parts of a plugin's directory name; undefined when it is not one. */
export function parsePluginName(name: string): PluginName | undefined {
  const match = /^(\d\d)-([a-z0-9](?:[a-z0-9._-]*[a-z0-9_-])?)$/.exec(name)
  if (match === null) return undefined
  return { name, number: Number(match[1]), title: match[2] ?? '' }
}

/** Which rule a directory name breaks, in words. */
export function whyNoPluginName(name: string): string {
  const rule = 'a plugin directory is named with two digits, a dash and a lower-case name, such as 03-netplan'
  if (/^\d-/.test(name)) return `the number has one digit: rename it to 0${name} (${rule})`
  if (/^\d{3,}-/.test(name)) return `the number has more than two digits (${rule})`
  if (!/^\d\d-/.test(name)) return `the name has no number (${rule})`
  if (name.endsWith('.')) return `the name ends with a dot (${rule})`
  if (/[A-Z]/.test(name)) return `the name has upper-case letters: rename it to ${name.toLowerCase()} (${rule})`
  return `the name has a character other than a-z, 0-9, dot, dash and underscore, or does not start with a letter or digit (${rule})`
}

/** The known entry of a plugin directory that a name was probably meant to be. */
export function nearMissOfKnownEntry(name: string): string | undefined {
  if (KNOWN_ENTRIES.includes(name)) return undefined
  const plain = lettersOnly(name)
  const sameLetters = KNOWN_ENTRIES.find((known) => lettersOnly(known) === plain)
  return sameLetters ?? nearestWord(name, KNOWN_ENTRIES)
}

function lettersOnly(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '')
}

const KNOWN_ENTRIES: readonly string[] = [
  'README.md',
  'NOT_RUN',
  'plugin.yaml',
  'files',
  'cloud-init',
  'host_run.sh',
  'guest_run.sh',
  'pre-stage',
  'post-stage',
]

import { type ImaRule, wrongCombination } from './ima-combinations.js'
import { ACTIONS, CONDITIONS, FLAG_WORDS, HOOKS, ID_CONDITIONS } from './ima-grammar.js'
import { wrongId, wrongValue } from './ima-values.js'
import { nearestWord } from './nearest-word.js'

export interface ImaPolicyProblem {
  /** Counts from 1; 0 when it is about the file as a whole. */
  readonly line: number
  readonly what: string
}

/** Every line of an IMA policy that the kernel would refuse; with one such line it refuses the whole policy. */
export function checkImaPolicy(text: string): readonly ImaPolicyProblem[] {
  const problems: ImaPolicyProblem[] = []
  let rules = 0
  for (const [index, line] of text.split('\n').entries()) {
    const rule = line.replace(/^[ \t]+/, '')
    if (rule === '' || rule.startsWith('#')) continue
    rules += 1
    const what = wrongLine(rule)
    if (what !== undefined) problems.push({ line: index + 1, what })
  }
  if (rules === 0) problems.push({ line: 0, what: 'has no rule; the kernel refuses an empty policy' })
  return problems
}

function wrongLine(line: string): string | undefined {
  if (line.endsWith('\r')) return 'the line ends with CR (Windows line ends); convert the file'
  if (line.includes('\0')) return 'the line has a NUL byte'
  if (Buffer.byteLength(line) > LINE_LIMIT_BYTES) return `the line is longer than ${LINE_LIMIT_BYTES} bytes`
  const words = line.split(/[ \t]+/).filter((word) => word !== '')
  const rule: { action: string; conditions: Map<string, string> } = { action: '', conditions: new Map() }
  for (const word of words) {
    const what = takeWord(word, rule)
    if (what !== undefined) return what
  }
  if (rule.action === '') return `no action; a rule needs one of ${ACTIONS.join(', ')}`
  return wrongCombination(rule)
}

/** Adds one word to the rule, as ima_parse_rule does from left to right; returns what is wrong with it. */
function takeWord(word: string, rule: { action: string; conditions: Map<string, string> }): string | undefined {
  if (ACTIONS.includes(word)) {
    if (rule.action !== '') return `two actions, ${rule.action} and ${word}`
    rule.action = word
    return undefined
  }
  if (FLAG_WORDS.includes(word)) {
    rule.conditions.set(word, '')
    return undefined
  }
  const [, name = '', sign = '', value = ''] = /^([a-z_]+)([=<>])(.*)$/s.exec(word) ?? []
  if (!CONDITIONS.includes(name) || (sign !== '=' && !ID_CONDITIONS.includes(name))) return unknownWord(word)
  if (value === '') return `${name}${sign} needs a value`
  const what = ID_CONDITIONS.includes(name) ? wrongId(name, value) : wrongValue(name, value)
  if (what !== undefined) return what
  return wrongHere(name, rule) ?? remember(name, value, rule.conditions)
}

/** What depends on the words to the left. */
function wrongHere(name: string, rule: ImaRule): string | undefined {
  const slot = SHARED_SLOTS.get(name) ?? [name]
  const earlier = slot.find((other) => rule.conditions.has(other))
  if (earlier !== undefined && !REPEATABLE.includes(name)) {
    return earlier === name ? `${name} is given twice` : `${name} and ${earlier} in one rule`
  }
  if (name === 'template' && rule.action !== 'measure') {
    return rule.action === ''
      ? 'template= must stand after the action'
      : `template= goes only with measure, not with ${rule.action}`
  }
  if (name === 'digest_type' && rule.conditions.has('appraise_type'))
    return 'digest_type= must stand before appraise_type='
  return undefined
}

function remember(name: string, value: string, conditions: Map<string, string>): undefined {
  conditions.set(name, value)
  return undefined
}

function unknownWord(word: string): string {
  if (word.startsWith('#')) return 'a comment must stand on a line of its own'
  const name = word.replace(/[=<>!].*$/s, '')
  // A value of another condition without its name is the commonest slip: `measure BPRM_CHECK`.
  if (HOOKS.has(word)) return `unknown word "${word}"; did you mean func=${word}?`
  if (CONDITIONS.includes(name)) {
    return `unknown word "${word}"; ${name} takes ${ID_CONDITIONS.includes(name) ? '=, < or >' : '='} and a value`
  }
  const hasValue = name !== word
  const nearest = nearestWord(name, hasValue ? CONDITIONS : [...ACTIONS, ...FLAG_WORDS])
  if (nearest === undefined || nearest === name) return `unknown word "${word}"`
  return `unknown word "${word}"; did you mean ${nearest}${hasValue ? '=' : ''}?`
}

/** One field of the kernel's rule each. */
const SHARED_SLOTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['uid', ['uid', 'euid']],
  ['euid', ['uid', 'euid']],
  ['gid', ['gid', 'egid']],
  ['egid', ['gid', 'egid']],
])

/** The kernel takes the last one without a word. */
const REPEATABLE: readonly string[] = ['fsname', 'fs_subtype', 'appraise_type', 'appraise_flag', 'digest_type', 'pcr']

/** A write to securityfs takes less than one page, and systemd writes line by line on older kernels. */
const LINE_LIMIT_BYTES = 4095

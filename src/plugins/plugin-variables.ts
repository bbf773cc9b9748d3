import type { Problem } from '../model/plugin.js'
import { FORMS } from './manifest/option-values.js'

/**
 * Checks the variables that plugins take from the environment before any of them sees a value.
 *
 * Names are those of `pluginVariables` (GUEST_*, CVM_*, IMA_*, SEAL_*); an unknown one only has to be a single line of text.
 */
export function checkPluginVariables(variables: Readonly<Record<string, string>>): readonly Problem[] {
  return Object.entries(variables).flatMap(([name, value]): Problem[] => {
    const grammar = GRAMMARS.get(name)
    if (/[\u0000-\u001f\u007f]/.test(value)) return [bad(name, 'has a control character, such as a line break')]
    if (grammar === undefined || value === '' || grammar.pattern.test(value)) return []
    return [bad(name, `"${value}" is not ${grammar.words}`)]
  })
}

/** The variables that no plugin.yaml declares: those that it does are checked as it says. */
export function undeclaredOf(
  variables: Readonly<Record<string, string>>,
  declared: readonly string[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !declared.includes(name)))
}

function bad(name: string, what: string): Problem {
  return { code: 'PLUGIN_INVALID', where: name, what }
}

interface Grammar {
  readonly pattern: RegExp
  readonly words: string
}

/** Variables of the bash tool's plugins, for trees that have no plugin.yaml to declare them. */
const GRAMMARS: ReadonlyMap<string, Grammar | undefined> = new Map([
  ['GUEST_SIZE', FORMS.size],
  ['CVM_USER', FORMS.user],
  ['CVM_AUTH_KEY', FORMS['ssh-key']],
  ['CVM_SCRIPT_TIMEOUT', { pattern: /^[1-9]\d{0,5}$/, words: 'a number of whole seconds' }],
  ['IMA_APPRAISE', { pattern: /^(?:log|enforce)$/, words: 'log or enforce' }],
  ['SEAL_CLOUD_INIT', { pattern: /^(?:keep|close)$/, words: 'keep (or close, the default)' }],
])

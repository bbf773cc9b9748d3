import type { Problem } from '../model/plugin.js'

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

function bad(name: string, what: string): Problem {
  return { code: 'PLUGIN_INVALID', where: name, what }
}

interface Grammar {
  readonly pattern: RegExp
  readonly words: string
}

const GRAMMARS: ReadonlyMap<string, Grammar> = new Map([
  [
    'GUEST_SIZE',
    {
      pattern: /^(?:[1-9]\d{0,5}[MGT]|[1-9]\d{0,14}K)$/,
      words: 'a whole number with K, M, G or T, such as 50G',
    },
  ],
  [
    'CVM_USER',
    { pattern: /^[a-z_][a-z0-9_-]{0,31}$/, words: 'a user name: lower-case letters, digits, dash and underscore' },
  ],
  [
    'CVM_AUTH_KEY',
    { pattern: /^(?:ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,3}(?: .*)?$/, words: 'a public SSH key in one line' },
  ],
  ['CVM_SCRIPT_TIMEOUT', { pattern: /^[1-9]\d{0,5}$/, words: 'a number of whole seconds' }],
  ['IMA_APPRAISE', { pattern: /^(?:log|enforce)$/, words: 'log or enforce' }],
  ['SEAL_CLOUD_INIT', { pattern: /^(?:keep|close)$/, words: 'keep (or close, the default)' }],
])

/** The names behind each `$` of a word; undefined when a `$` stands before something else. */
export function variablesIn(word: string): readonly string[] | undefined {
  const names = [...word.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '')
  return names.length === word.split('$').length - 1 ? names : undefined
}

/** The word with the values in their places; undefined when one of its options has no value. */
export function fillIn(word: string, values: Readonly<Record<string, string>>): string | undefined {
  const names = variablesIn(word) ?? []
  if (names.some((name) => (values[name] ?? '') === '')) return undefined
  return word.replace(PLACEHOLDER, (_, name: string) => values[name] ?? '')
}

const PLACEHOLDER = /\$([A-Z][A-Z0-9_]*)/g

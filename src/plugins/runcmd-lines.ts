/**
 * The lines that a runcmd list becomes in the guest's shell script, so that a failing line leads back to its plugin.
 *
 * cloud-init (util.shellify) writes a text as it is, and a list with each word in single quotes.
 */
export function runcmdLines(runcmd: unknown): readonly string[] {
  if (!Array.isArray(runcmd)) return []
  return runcmd
    .flatMap((item: unknown) => {
      if (typeof item === 'string') return item.split('\n')
      if (Array.isArray(item)) return [item.map(quoteWord).join(' ')]
      return []
    })
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function quoteWord(word: unknown): string {
  return `'${asPythonText(word).replaceAll("'", "'\\''")}'`
}

/** `str()` of Python, for what a YAML scalar can be. */
function asPythonText(word: unknown): string {
  if (word === true) return 'True'
  if (word === false) return 'False'
  if (word === null) return 'None'
  // A list inside a command is a mistake that cloud-init would print; its text does not matter, but it may contain itself.
  return typeof word === 'object' ? '[…]' : String(word)
}

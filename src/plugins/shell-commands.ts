/** A simple command of a shell script: its words without quotes, and where it begins; line and column count from 1. */
export interface ShellCommand {
  readonly words: readonly string[]
  readonly line: number
  readonly column: number
}

/**
 * The commands that a script would start, as far as they stand there in plain sight.
 *
 * Comments, the insides of quotes and here-documents, function names, and the patterns of `case` are no commands. Words
 * that only introduce a command (`then`, `sudo`, `A=b`) are left out. What a variable or `eval` holds is not seen.
 */
export function shellCommands(script: string): readonly ShellCommand[] {
  const found: ShellCommand[] = []
  let words: Word[] = []
  let depth = 0
  const end = () => {
    const command = withoutIntroduction(words)
    if (command !== undefined) found.push(command)
    words = []
  }
  for (const token of tokens(script)) {
    if ('text' in token) words.push(token)
    else if (token.sign === '(') {
      // `name ()` defines a function.
      if (words.length === 1) words = []
      end()
      depth += 1
    } else if (token.sign === ')') {
      // Without an open one it ends a pattern of `case`.
      if (depth === 0) words = []
      end()
      depth = Math.max(0, depth - 1)
    } else end()
  }
  end()
  return found
}

interface Word {
  readonly text: string
  readonly line: number
  readonly column: number
}

/** `sign`: `(`, `)`, or `;` for everything else that ends a command. */
function* tokens(script: string): Generator<Word | { readonly sign: '(' | ')' | ';' }> {
  const lines = script.split('\n')
  let heredocs: string[] = []
  let quote = ''
  let text: string | undefined
  let start = { line: 1, column: 1 }
  for (let row = 0; row < lines.length; row += 1) {
    const line = lines[row] ?? ''
    let joined = false
    let from = 0
    while (from < line.length) {
      // In quotes, all up to what could end them is taken at once.
      const rest = line.slice(from)
      const plain = (quote === "'" ? /^[^']+/ : quote === '"' ? /^[^"\\]+/ : /^[^\s;&|()<>`'"\\#]+/).exec(rest)?.[0]
      const begin = () => {
        if (text === undefined) start = { line: row + 1, column: from + 1 }
      }
      if (plain !== undefined) {
        begin()
        text = (text ?? '') + plain
        from += plain.length
        continue
      }
      const sign = line[from] ?? ''
      if (quote !== '' && sign === quote) quote = ''
      else if (sign === '\\') {
        if (from === line.length - 1) joined = true
        else {
          begin()
          text = (text ?? '') + (line[from + 1] ?? '')
          from += 1
        }
      } else if (sign === "'" || sign === '"') {
        begin()
        text ??= ''
        quote = sign
      } else if (sign === '#' && text !== undefined) text += sign
      else if (sign === '#') break
      else {
        const heredoc = /^<<-?\s*(['"\\]?)([\w.-]+)\1/.exec(rest)
        if (text !== undefined) yield { text, ...start }
        text = undefined
        if (heredoc !== null && !rest.startsWith('<<<')) {
          heredocs.push(heredoc[2] ?? '')
          from += heredoc[0].length - 1
        } else if (sign === '(' || sign === ')') yield { sign }
        else if (/^[<>]&|^&>/.test(rest)) from += 1
        else if (/[;&|`]/.test(sign)) yield { sign: ';' }
      }
      from += 1
    }
    if (quote !== '') {
      text = `${text ?? ''}\n`
      continue
    }
    if (joined) continue
    if (text !== undefined) yield { text, ...start }
    text = undefined
    yield { sign: ';' }
    for (const word of heredocs) {
      while (row + 1 < lines.length && lines[row + 1]?.trim() !== word) row += 1
      row += 1
    }
    heredocs = []
  }
  if (text !== undefined) yield { text, ...start }
}

function withoutIntroduction(words: readonly Word[]): ShellCommand | undefined {
  const first = words.findIndex(({ text }) => !INTRODUCTIONS.has(text) && !/^\w+\+?=/.test(text) && text !== '')
  const found = words[first]
  if (found === undefined) return undefined
  // `command -v name` only asks.
  if (words[first - 1]?.text === 'command' && /^-[vV]/.test(found.text)) return undefined
  return { words: words.slice(first).map(({ text }) => text), line: found.line, column: found.column }
}

const INTRODUCTIONS = new Set(
  'if then elif else while until do ! { sudo exec command env nohup time builtin'.split(' '),
)

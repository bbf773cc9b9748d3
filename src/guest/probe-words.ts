import { printable } from './printable.js'

/** A field of an answer as text, as the guest sent it: only for comparing. Empty when it is not there. */
export function textOf(answer: ReadonlyMap<string, Buffer>, name: string): string {
  return answer.get(name)?.toString('utf8') ?? ''
}

/** Text of somebody for a message: printable, on one line, not long. */
export function quoted(text: string): string {
  return printable(text, LONGEST_SHOWN)
}

export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

const LONGEST_SHOWN = 400

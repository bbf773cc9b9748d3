/**
 * Text as one word of a POSIX shell that means exactly this text.
 *
 * Within single quotes nothing has a meaning but the single quote itself, newlines included.
 * Source: POSIX.1-2017, Shell Command Language, 2.2.2 Single-Quotes.
 */
export function shellQuoted(text: string): string {
  if (text.includes('\0')) throw new Error('no word of a shell can hold a NUL')
  return PLAIN_WORD.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** Arguments behind a program's name, for a person to read: each option begins a line, and its values share it. */
export function optionLines(args: readonly string[], quoted: (arg: string) => string = shellQuoted): string {
  return args.map((arg) => (arg.startsWith('-') ? ` \\\n  ${quoted(arg)}` : ` ${quoted(arg)}`)).join('')
}

/** A word without quotes; a `~` or `=` in front would be more than a character. */
const PLAIN_WORD = /^[A-Za-z0-9_./:@%+-][A-Za-z0-9_./:@%+=,-]*$/

import { stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import type { OptionType, PluginOption } from '../../model/manifest.js'

/**
 * The value that the scripts of plugins get, or a sentence about what is wrong with it. The sentence never repeats the value.
 *
 * Items of a list come one per line; where no item can have a comma in it, also with commas between them.
 */
export async function readOptionValue(
  option: Pick<PluginOption, 'type' | 'of' | 'values'>,
  text: string,
): Promise<{ readonly value: string } | { readonly wrong: string }> {
  if (option.type !== 'list') return await readOne(option.type, option.values, text)
  const of = option.of ?? 'string'
  const separator = HAS_COMMAS.has(of) ? /\n/ : /[\n,]/
  const items: string[] = []
  for (const item of text.split(separator)) {
    if (item.trim() === '') continue
    const reading = await readOne(of, option.values, item.trim())
    if ('wrong' in reading) return { wrong: `item ${items.length + 1} ${reading.wrong}` }
    items.push(reading.value)
  }
  return { value: items.join('\n') }
}

async function readOne(
  type: Exclude<OptionType, 'list'>,
  values: readonly string[] | undefined,
  text: string,
): Promise<{ value: string } | { wrong: string }> {
  if (CONTROL.test(text)) return { wrong: 'has a control character, such as a line break' }
  const form = FORMS[type]
  if (form !== undefined && !form.pattern.test(text)) return { wrong: `is not ${form.words}` }
  if (type === 'enum' && !(values ?? []).includes(text)) return { wrong: `is not one of ${(values ?? []).join(', ')}` }
  if (type === 'boolean') return { value: String(TRUE.test(text)) }
  if (type === 'path') return await readPath(text)
  return { value: text }
}

/** Scripts run in another directory, so it has to be absolute. */
async function readPath(text: string): Promise<{ value: string } | { wrong: string }> {
  if (!isAbsolute(text)) return { wrong: 'is not an absolute path' }
  return await stat(text).then(
    () => ({ value: text }),
    () => ({ wrong: 'names nothing that is there' }),
  )
}

const CONTROL = /[\u0000-\u001f\u007f]/
const TRUE = /^(?:true|yes|1)$/
const HAS_COMMAS: ReadonlySet<OptionType> = new Set(['string', 'path', 'ssh-key', 'enum'])

/** What a value has to look like, for the types of which a pattern can tell. */
export const FORMS: Readonly<Partial<Record<OptionType, { readonly pattern: RegExp; readonly words: string }>>> = {
  integer: { pattern: /^-?(?:0|[1-9]\d{0,14})$/, words: 'a whole number' },
  boolean: { pattern: /^(?:true|false|yes|no|1|0)$/, words: 'true or false' },
  size: {
    pattern: /^(?:[1-9]\d{0,5}[MGT]|[1-9]\d{0,14}K)$/,
    words: 'a whole number with K, M, G or T, such as 50G',
  },
  // useradd(8) of Debian; no name that a shell, passwd(5) or YAML could take for something else.
  user: {
    pattern: /^[a-z_][a-z0-9_-]{0,31}$/,
    words: 'a user name: lower-case letters, digits, dash and underscore',
  },
  // sshd(8), "AUTHORIZED_KEYS FILE FORMAT": type, base64, comment. Options before the type are not taken.
  'ssh-key': {
    pattern: /^(?:ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,3}(?: .*)?$/,
    words: 'a public SSH key in one line',
  },
}

import type { Expectation } from '../../model/expectation.js'
import {
  type Complain,
  placedMistakes,
  readYamlForm,
  shownPath,
  type YamlForm,
} from '../../plugins/manifest/yaml-form.js'
import type { ExpectText } from './expect-schema.js'
import { toExpectations } from './to-expectations.js'

/** What a file of expectations says, or its mistakes: `file:line:column: what`, in the order of their places. */
export type ExpectReading = { readonly expectations: readonly Expectation[] } | { readonly mistakes: readonly string[] }

/** Reads the bytes of an expectations file; `file` as a person would type it. */
export async function readExpectBytes(bytes: Uint8Array, file: string): Promise<ExpectReading> {
  const { result = [], mistakes } = await placedMistakes(file, (complain) => readExpectations(bytes, complain))
  if (mistakes.length === 0) return { expectations: result }
  return { mistakes: mistakes.map(({ where, what }) => `${where}: ${what}`) }
}

async function readExpectations(bytes: Uint8Array, complain: Complain): Promise<readonly Expectation[] | undefined> {
  // zod takes a tenth of a second to load, so only for those who have such a file.
  const schema = async () => (await import('./expect-schema.js')).expectSchema
  const form = await readYamlForm(bytes, schema, complain, EMPTY)
  if (form === undefined) return undefined
  complainOfPatterns(form, complain)
  const expectations = toExpectations(form.value)
  return expectations.length > 0 ? expectations : complain(EMPTY)
}

function complainOfPatterns({ value: { files = {} }, places }: YamlForm<ExpectText>, complain: Complain): void {
  for (const [file, wish] of Object.entries(files)) {
    const wrong = typeof wish === 'string' || wish.matches === undefined ? undefined : wrongPattern(wish.matches)
    const path = ['files', file, 'matches']
    if (wrong !== undefined) complain(`${shownPath(path)}${wrong}`, places.value(path))
  }
}

/** What keeps a text from being a regular expression as src/guest/judge-file.ts uses it. */
export function wrongPattern(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'mu')
    return undefined
  } catch (error) {
    const why = error instanceof Error ? error.message.split(': ').at(-1) : String(error)
    return `is no regular expression: ${why}`
  }
}

const EMPTY = 'is empty; there is nothing to expect'

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

/** The top of the project. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')

export function readDocument(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/**
 * What stands in a document between `<!-- name:begin -->` and `<!-- name:end -->` is this text.
 *
 * With UPDATE_DOCS=1 in the environment the block is written instead of compared.
 */
export function expectBlock(file: string, name: string, text: string): void {
  const document = readDocument(file)
  const begin = `<!-- ${name}:begin -->\n`
  const end = `<!-- ${name}:end -->`
  const from = document.indexOf(begin) + begin.length
  const to = document.indexOf(end)
  if (!document.includes(begin) || to < from) throw new Error(`${file} has no block ${begin.trim()} … ${end}`)
  if (process.env['UPDATE_DOCS'] === '1') {
    writeFileSync(join(ROOT, file), document.slice(0, from) + text + document.slice(to))
    return
  }
  const howTo = `${file}, block ${name}: run the tests of test/unit/docs once with UPDATE_DOCS=1, or paste:\n\n${text}\n`
  expect(document.slice(from, to), howTo).toBe(text)
}

import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shellQuoted } from '../../../src/launch/shell-quoted.js'

/** What a shell makes of the words. */
function wordsInShell(words: readonly string[]): readonly string[] {
  const script = `printf '%s\\0' ${words.map(shellQuoted).join(' ')}`
  return spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout.split('\0').slice(0, -1)
}

describe('shellQuoted', () => {
  it('makes every text one word that means it, in a real shell', () => {
    const word = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({
        unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', '~', '=', '!', '#', '*', '-', 'a', '\t', '\r'),
      }),
    )
    fc.assert(
      fc.property(
        fc.array(
          word.filter((text) => !text.includes('\0')),
          { minLength: 1, maxLength: 20 },
        ),
        (words) => {
          expect(wordsInShell(words)).toEqual(words)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('leaves words alone that need no quotes, and quotes those that a shell would read otherwise', () => {
    expect(['-m', '2048M', 'a=b,c', '/usr/bin', '', '~', '~x', '=x', 'a b', '#x', '{a,b}'].map(shellQuoted)).toEqual([
      ...['-m', '2048M', 'a=b,c', '/usr/bin', "''", "'~'", "'~x'", "'=x'", "'a b'", "'#x'", "'{a,b}'"],
    ])
  })

  it('takes no text with a NUL', () => {
    expect(() => shellQuoted('a\0b')).toThrow('NUL')
  })
})

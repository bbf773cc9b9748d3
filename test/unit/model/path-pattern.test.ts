import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pathMatcher, readPathPattern } from '../../../src/model/path-pattern.js'

describe('a pattern of paths', () => {
  it.each([
    ['etc/keys/*.pem', 'etc/keys/a.pem', true],
    ['etc/keys/*.pem', 'etc/keys/old/a.pem', false],
    ['etc/keys/*', 'etc/keys/.hidden', true],
    ['etc/?ey', 'etc/key', true],
    ['etc/?ey', 'etc/ey', false],
    ['etc?key', 'etc/key', false],
    ['?', 'é', true],
    ['?', '🔑', true],
    ['**', 'etc', true],
    ['**', 'a/.b/c', true],
    ['etc/**', 'etc', true],
    ['etc/**', 'etc/a/b', true],
    ['etc/**', 'etcetera', false],
    ['**/key', 'key', true],
    ['**/key', 'a/b/key', true],
    ['**/key', 'a/monkey', false],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/x/y/b', true],
    ['a/**/b', 'a/xb', false],
    ['a/**/**/b', 'a/b', true],
    ['a**b', 'a/b', false],
    ['/etc/*', '/etc/x', true],
    ['/etc/*', 'etc/x', false],
    ['a.b', 'axb', false],
    ['(a|b)+[c]{2}^$', '(a|b)+[c]{2}^$', true],
    ['a', 'a\n', false],
    ['**', 'a\nb', true],
    ['./a//b/', 'a/b', true],
  ])('%j and the path %j: %j', (pattern, path, expected) => {
    expect(pathMatcher(pattern)(path)).toBe(expected)
  })

  it('matches as a plain walk from name to name does', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-', 'é'), minLength: 1, maxLength: 3 })
    const names = fc.array(
      name.filter((each) => each !== '.'),
      { minLength: 1, maxLength: 4 },
    )
    const part = fc.oneof(
      fc.constant('**'),
      fc.string({ unit: fc.constantFrom('a', 'b', '.', '-', 'é', '*', '?'), minLength: 1, maxLength: 4 }),
    )
    const parts = fc.array(
      part.filter((each) => each !== '.'),
      { minLength: 1, maxLength: 4 },
    )
    fc.assert(
      fc.property(parts, names, (pattern, path) => {
        expect(pathMatcher(pattern.join('/'))(path.join('/'))).toBe(walk(pattern, path))
      }),
      { numRuns: 500 },
    )
  })

  it('without a sign matches itself and nothing else', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((each) => /^[^*?/.][^*?/]*$/su.test(each))
    fc.assert(
      fc.property(text, text, (pattern, path) => {
        expect(pathMatcher(pattern)(path)).toBe(pattern === path)
      }),
    )
  })

  it('is quick where a careless expression would take for ever', () => {
    // Of the processor, so that what else runs on this machine does not count.
    const start = process.cpuUsage()

    expect(pathMatcher('**/**/**/**/**/x')(`${'a/'.repeat(2000)}y`)).toBe(false)
    expect(pathMatcher('**********x')('a'.repeat(4000))).toBe(false)
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(1)
  })

  it.each([
    ['/etc/keys/**', '/etc/keys', true],
    ['/etc/k*/x', '/etc', true],
    ['/*', '/', true],
    ['**', '', true],
    ['/etc//x/', '/etc/x', false],
  ])('%j begins with %j', (pattern, base, hasSigns) => {
    expect(readPathPattern(pattern)).toMatchObject({ base, hasSigns })
  })
})

/** The meaning, written down once more and slowly: `**` is no name or one name and itself again. */
function walk(pattern: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return path.length === 0
  // A lone `**` stands for the paths that there are, and an empty one is none.
  if (first === '**') return walk(rest, path) || (path.length > 0 && walk(pattern, path.slice(1)))
  return path[0] !== undefined && walkName([...first], [...path[0]]) && walk(rest, path.slice(1))
}

function walkName([sign, ...signs]: readonly string[], name: readonly string[]): boolean {
  if (sign === undefined) return name.length === 0
  if (sign === '*') return walkName(signs, name) || (name.length > 0 && walkName([sign, ...signs], name.slice(1)))
  return name.length > 0 && (sign === '?' || sign === name[0]) && walkName(signs, name.slice(1))
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findPlaces } from '../../../../src/plugins/manifest/yaml-places.js'

type Written = readonly {
  readonly path: readonly (string | number)[]
  readonly key?: string
  readonly value?: string
}[]

/** Writes a value as YAML, noting where each key and value begins: an oracle that knows because it wrote. */
function write(value: unknown): { text: string; written: Written } {
  const lines: string[] = []
  const written: { path: readonly (string | number)[]; key?: string; value?: string }[] = []
  const here = (column: number) => `${lines.length + 1}:${column}`
  const block = (inner: unknown, path: readonly (string | number)[], indent: number): void => {
    const pad = ' '.repeat(indent)
    const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(inner)
      ? inner.map((item, index) => [index, item])
      : Object.entries(inner as Record<string, unknown>)
    for (const [step, item] of entries) {
      const head = typeof step === 'number' ? '- ' : `${step}: `
      const at = [...path, step]
      if (typeof step === 'string') written.push({ path: at, key: here(indent + 1) })
      if (typeof item === 'object' && item !== null && Object.keys(item).length > 0) {
        lines.push(`${pad}${head}`.trimEnd())
        written.push({ path: at, value: here(indent + 3) })
        block(item, at, indent + 2)
      } else {
        written.push({ path: at, value: here(indent + head.length + 1) })
        lines.push(`${pad}${head}${Array.isArray(item) ? '[]' : typeof item === 'object' ? '{}' : item}`)
      }
    }
  }
  block(value, [], 0)
  return { text: `${lines.join('\n')}\n`, written }
}

describe('findPlaces', () => {
  it('finds every key and every value where it was written', () => {
    const key = fc.stringMatching(/^[a-z]{1,4}$/).filter((text) => !['null', 'true', '~'].includes(text))
    const scalar = fc.oneof(fc.constantFrom('word', '"two words"', "'it''s'", 'ünï', '12'), fc.constant('$X/y'))
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.dictionary(key, tie('leaf'), { minKeys: 1, maxKeys: 4 }),
        fc.dictionary(key, tie('tree'), { minKeys: 1, maxKeys: 3 }),
      ),
      leaf: fc.oneof({ maxDepth: 4 }, scalar, fc.array(scalar, { maxLength: 3 }), tie('tree')),
    }))
    fc.assert(
      fc.property(tree, (value) => {
        const { text, written } = write(value)
        const places = findPlaces(text)

        for (const { path, key: keyAt, value: valueAt } of written) {
          const found = keyAt === undefined ? places.value(path) : places.key(path)
          expect(`${found.line}:${found.column}`, `${JSON.stringify(path)} of ${text}`).toBe(keyAt ?? valueAt)
        }
      }),
    )
  })

  it('gives the nearest thing above for what is not there', () => {
    const places = findPlaces('a:\n  b: [x]\n')

    expect(places.value(['a', 'b', 7, 'c'])).toEqual({ line: 2, column: 6 })
    expect(places.key(['a', 'z'])).toEqual({ line: 2, column: 3 })
    expect(places.value(['z'])).toEqual({ line: 1, column: 1 })
  })

  it('finds what is left empty at its key, or at what comes before it', () => {
    expect(findPlaces('x: 1\na:\nb: 2\n').value(['a'])).toEqual({ line: 2, column: 1 })
    expect(findPlaces('x: 1\na:\n  - b\n  -\n').value(['a', 1])).toEqual({ line: 3, column: 5 })
  })

  it.each([
    ['LF', 'a: 1\nb: 2\n'],
    ['CR LF', 'a: 1\r\nb: 2\r\n'],
    ['CR', 'a: 1\rb: 2\r'],
  ])('counts lines that end with %s', (_, text) => {
    expect(findPlaces(text).value(['b'])).toEqual({ line: 2, column: 4 })
  })

  it.each([
    ['a: &x 1', { line: 1, column: 4 }],
    ['b: 1\na: *x', { line: 2, column: 4 }],
    ['a: !t 1', { line: 1, column: 4 }],
    ['&k a: 1', { line: 1, column: 1 }],
    ['a: 1', undefined],
    ['a: "&x *y !z"', undefined],
  ])('sees an anchor, an alias or a tag: %j', (text, place) => {
    expect(findPlaces(text).indirection).toEqual(place)
  })

  it('sees a second document', () => {
    expect(findPlaces('a: 1\n---\nb: 1\n').secondDocument).toEqual({ line: 3, column: 1 })
    expect(findPlaces('---\na: 1\n...\n').secondDocument).toBeUndefined()
    expect(findPlaces('a: |\n  ---\n').secondDocument).toBeUndefined()
  })
})

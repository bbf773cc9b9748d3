import { describe, expect, it } from 'vitest'
import { launchFileJsonSchema } from '../../../src/plugins/manifest/launch-schema.js'
import { manifestJsonSchema } from '../../../src/plugins/manifest/manifest-schema.js'
import { readDocument } from './marked-block.js'

interface Node {
  readonly path: string
  readonly schema: Readonly<Record<string, unknown>>
}

/** Every schema in the schema, and whether it stands behind a key. */
function nodes({ path, schema }: Node): readonly (Node & { readonly isKey: boolean })[] {
  return Object.entries(schema).flatMap(([word, value]) => {
    if (typeof value !== 'object' || value === null) return []
    const isKeys = word === 'properties'
    const inners = isKeys || Array.isArray(value) ? Object.entries(value) : [['', value] as const]
    return inners.flatMap(([name, inner]: readonly [string, unknown]) => {
      if (typeof inner !== 'object' || inner === null) return []
      const node = { path: `${path}/${isKeys ? name : word}`, schema: inner as Node['schema'] }
      return [{ ...node, isKey: isKeys }, ...nodes(node)]
    })
  })
}

describe.each([
  {
    file: 'docs/plugin.schema.json',
    made: manifestJsonSchema,
    keysAtLeast: 80,
    mappingsAtLeast: 13,
    patternsAtLeast: 10,
  },
  {
    file: 'docs/launch.schema.json',
    made: launchFileJsonSchema,
    keysAtLeast: 40,
    mappingsAtLeast: 5,
    patternsAtLeast: 0,
  },
])('$file', ({ file, made, keysAtLeast, mappingsAtLeast, patternsAtLeast }) => {
  const all = nodes({ path: '', schema: JSON.parse(readDocument(file)) })

  it('is what the build makes of the code', () => {
    expect(readDocument(file), 'npm run build writes it').toBe(made())
  })

  it('has a sentence for every key', () => {
    const keys = all.filter(({ isKey }) => isKey)

    expect(keys.length).toBeGreaterThanOrEqual(keysAtLeast)
    const bare = keys.filter(({ schema }) => !/^[A-Z].*\.$/.test(String(schema['description'])))
    expect(bare.map(({ path }) => path)).toEqual([])
  })

  it('knows every key: an editor underlines the others', () => {
    const mappings = all.filter(({ schema }) => schema['properties'] !== undefined)

    expect(mappings.length).toBeGreaterThanOrEqual(mappingsAtLeast)
    expect(mappings.filter(({ schema }) => schema['additionalProperties'] !== false).map(({ path }) => path)).toEqual(
      [],
    )
  })

  it('has patterns that editors can read', () => {
    const patterns = all.flatMap(({ schema }) => (typeof schema['pattern'] === 'string' ? [schema['pattern']] : []))

    expect(patterns.length).toBeGreaterThanOrEqual(patternsAtLeast)
    for (const pattern of patterns) expect(() => new RegExp(pattern, 'u'), pattern).not.toThrow()
  })
})

import { describe, expect, it } from 'vitest'
import { expectJsonSchema } from '../../../src/stages/expect/expect-schema.js'
import { readDocument } from './marked-block.js'

const FILE = 'docs/expect.schema.json'

describe(FILE, () => {
  it('is what the build makes of the code', () => {
    expect(readDocument(FILE), 'npm run build writes it').toBe(expectJsonSchema())
  })

  it('has a sentence for every kind of expectation', () => {
    const { properties } = JSON.parse(readDocument(FILE)) as { properties: Record<string, { description?: string }> }

    expect(Object.keys(properties).length).toBeGreaterThan(10)
    for (const [name, { description = '' }] of Object.entries(properties)) expect(description, name).toMatch(/\.$/)
  })
})

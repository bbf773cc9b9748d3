import { describe, expect, it } from 'vitest'
import { metaDataText } from '../../../src/guest/meta-data.js'

describe('metaDataText', () => {
  it.each([
    ['an empty template', '', 'instance-id: new\n'],
    ['an id of its own', 'instance-id: old\nlocal-hostname: a\n', 'instance-id: new\nlocal-hostname: a\n'],
    ['Windows line ends', 'local-hostname: a\r\ninstance-id : old\r\n', 'instance-id: new\nlocal-hostname: a\n'],
    ['a comment about the id', '# instance-id: x\n', 'instance-id: new\n# instance-id: x\n'],
  ])('puts a fresh instance-id into a template with %s', (_title, template, text) => {
    expect(metaDataText(template, 'new')).toBe(text)
  })
})

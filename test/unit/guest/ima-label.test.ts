import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sameImaLabel } from '../../../src/guest/ima-label.js'

const NEW = Buffer.from('new contents')

describe('sameImaLabel', () => {
  it.each([
    ['0402', 'sha1'],
    ['0404', 'sha256'],
    ['0405', 'sha384'],
    ['0406', 'sha512'],
  ])('keeps the kind %s', (kind, algorithm) => {
    expect(sameImaLabel(`${kind}00ff`, NEW)).toBe(kind + createHash(algorithm).update(NEW).digest('hex'))
  })

  it.each(['0302046d51', '01aabb', '0409aa', ''])(
    'makes none for %j: a signature, or a kind that is not known',
    (label) => {
      expect(sameImaLabel(label, NEW)).toBeUndefined()
    },
  )
})

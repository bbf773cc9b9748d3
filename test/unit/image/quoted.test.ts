import fc from 'fast-check'
import { expect, it } from 'vitest'
import { quoted } from '../../../src/image/quoted.js'

it('leaves ordinary names readable', () => {
  expect(quoted('/srv/Bäcker 🥐.qcow2')).toBe('"/srv/Bäcker 🥐.qcow2"')
})

it('cuts long text and says so', () => {
  expect(quoted('x'.repeat(500))).toBe(`"${'x'.repeat(200)}"…`)
})

it('never lets a control, format or broken character through', () => {
  const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !unprintable.test(quoted(text))))
})

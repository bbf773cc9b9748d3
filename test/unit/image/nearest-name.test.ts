import { describe, expect, it } from 'vitest'
import { nearestName } from '../../../src/image/nearest-name.js'

describe('nearestName', () => {
  const names = ['debian-13.qcow2', 'notes.txt', 'ubuntu.img']

  it.each([
    ['debian-31.qcow2', 'debian-13.qcow2'],
    ['debian13.qcow2', 'debian-13.qcow2'],
    ['Ubuntu.img', 'ubuntu.img'],
    ['ubuntu.qcow2', 'ubuntu.img'],
    ['ubuntu', 'ubuntu.img'],
  ])('takes %s for %s', (typed, meant) => {
    expect(nearestName(typed, names)).toBe(meant)
  })

  it('says nothing when nothing is near', () => {
    expect(nearestName('fedora.qcow2', names)).toBeUndefined()
    expect(nearestName('x', names)).toBeUndefined()
    expect(nearestName('a.img', [])).toBeUndefined()
  })
})

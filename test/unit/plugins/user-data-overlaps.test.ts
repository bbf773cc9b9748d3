import { describe, expect, it } from 'vitest'
import { noteOverlaps } from '../../../src/plugins/user-data-overlaps.js'

function part(where: string, config: Record<string, unknown>) {
  return { where, config: new Map(Object.entries(config)) }
}

describe('noteOverlaps', () => {
  it('names both parts that set the same key', () => {
    expect(
      noteOverlaps([
        part('a', { hostname: 'x', user: { name: 'u' } }),
        part('b', { hostname: 'y', user: { name: 'v' } }),
      ]),
    ).toEqual([
      expect.stringMatching(/^b: sets "hostname", which a sets/),
      expect.stringMatching(/^b: sets "user", which a sets/),
    ])
  })

  it('says nothing of lists, which append, of equal values, and of merge_how', () => {
    const config = { runcmd: ['a'], package_update: true, merge_how: 'list(append)', apt: { conf: 'x' } }

    expect(noteOverlaps([part('a', config), part('b', config)])).toEqual([])
  })
})

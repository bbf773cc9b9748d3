import { describe, expect, it } from 'vitest'
import { rootfsWishesText } from '../../../src/guest/rootfs-wishes.js'
import { aRootfsPlan, aUser, KEY } from '../../fixtures/rootfs.js'

const asked = (word: string) => ({ word, plugins: ['10-a', '20-b'] })

describe('rootfsWishesText', () => {
  it('makes one line of each wish, who asked for it last', () => {
    const plan = aRootfsPlan({
      groups: [asked('tdx')],
      users: [aUser({ groups: ['a', 'b'], shell: '/bin/sh', sudo: true }), aUser({ name: 'svc', system: true })],
      authorizedKeys: [{ user: 'cvm', keys: [`${KEY} a  comment: "x" #1`], plugins: ['10-a'] }],
      packages: [asked('jq')],
      debs: [asked('/repo/one.deb'), asked('/repo/two.deb')],
      modes: [{ path: '/etc/a b', mode: '0640', group: 'tdx', plugins: ['10-a'] }],
      remove: [asked('/etc/x')],
      enable: [asked('a.service')],
      disable: [asked('b.service')],
      mask: [asked('c.service')],
    })

    expect(rootfsWishesText(plan).split('\n')).toEqual([
      'group\ttdx\t10-a, 20-b',
      'user\tcvm\ta,b\t/bin/sh\ttrue\tfalse\t10-a',
      'user\tsvc\t-\t-\tfalse\ttrue\t10-a',
      `key\tcvm\t${KEY} a  comment: "x" #1\t10-a`,
      'package\tjq\t10-a, 20-b',
      'deb\t0.deb\tone.deb\t10-a, 20-b',
      'deb\t1.deb\ttwo.deb\t10-a, 20-b',
      'mode\t/etc/a b\t0640\t-\ttdx\t10-a',
      'remove\t/etc/x\t10-a, 20-b',
      'enable\ta.service\t10-a, 20-b',
      'disable\tb.service\t10-a, 20-b',
      'mask\tc.service\t10-a, 20-b',
      '',
    ])
  })

  it.each(['a\tb', 'a\nb', 'a\rb', 'a\0b', ''])('throws at a word that would be more than one, or none: %j', (word) => {
    expect(() => rootfsWishesText(aRootfsPlan({ remove: [asked(word)] }))).toThrow('for the guest')
  })
})

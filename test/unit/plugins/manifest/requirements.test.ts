import { describe, expect, it } from 'vitest'
import { requiresText } from '../../../../src/guest/requires.js'
import type { PluginRequirements } from '../../../../src/model/manifest.js'
import type { Plugin } from '../../../../src/model/plugin.js'
import { checkOrder } from '../../../../src/plugins/manifest/requirements.js'
import { aPlugin } from '../../../fixtures/builders.js'
import { aManifest } from './a-manifest.js'

function plugin(name: string, requires: Partial<PluginRequirements>, given: Partial<Plugin> = {}): Plugin {
  const none = { options: [], host: [], guest: [], before: [], after: [] }
  return aPlugin({ name, manifest: aManifest({ requires: { ...none, ...requires } }), ...given })
}

describe('checkOrder', () => {
  it('finds plugins that stand in another order than one of them requires', () => {
    const plugins = [plugin('10-a', { after: ['20-b'] }), plugin('20-b', {}), plugin('30-c', { before: ['20-b'] })]

    expect(checkOrder(plugins)).toEqual([
      {
        code: 'PLUGIN_INVALID',
        where: '/plugins/pre-stage/10-a/plugin.yaml',
        what: 'has to come after 20-b, and comes before it; the order is that of the numbers in their names',
      },
      {
        code: 'PLUGIN_INVALID',
        where: '/plugins/pre-stage/30-c/plugin.yaml',
        what: 'has to come before 20-b, and comes after it; the order is that of the numbers in their names',
      },
    ])
  })

  it.each<[string, readonly Plugin[]]>([
    ['stand as required', [plugin('10-a', { before: ['20-b'] }), plugin('20-b', { after: ['10-a'] })]],
    ['are left out', [plugin('10-a', { after: ['20-b'] }), plugin('20-b', {}, { skipped: '--skip' })]],
    ['are not there', [plugin('10-a', { after: ['20-b'], before: ['05-c'] })]],
    ['belong to the other stage', [plugin('10-a', { after: ['20-b'] }), plugin('20-b', {}, { stage: 'post-stage' })]],
  ])('has nothing against plugins that %s', (_, plugins) => {
    expect(checkOrder(plugins)).toEqual([])
  })
})

describe('requiresText', () => {
  it('has a line for each program that a plugin requires which takes part', () => {
    const plugins = [
      plugin('10-a', { guest: ['useradd', 'tpm2'] }),
      plugin('20-b', { guest: ['dnf'] }, { skipped: 'NOT_RUN' }),
      aPlugin({ name: '30-c' }),
    ]

    expect(requiresText(plugins, {})).toBe('useradd\t10-a\ntpm2\t10-a\n')
  })

  it('has sbsign, and how it gets there, for a guest that is to sign', () => {
    const guestSigner = { key: '/k', cert: '/c', plugins: ['20-a', '21-b'] }
    const secureBoot = { kek: [], db: [], dbx: [], mok: [], microsoft: false, guestSigner, plugins: ['20-a', '21-b'] }

    expect(requiresText([], { secureBoot })).toMatch(
      /^sbsign\t20-a and 21-b for secure-boot\.guest-signer .*sbsigntool.*\n$/,
    )
  })
})

import { describe, expect, it } from 'vitest'
import type { PluginOption } from '../../../../src/model/manifest.js'
import type { Plugin } from '../../../../src/model/plugin.js'
import { settleOptions } from '../../../../src/plugins/manifest/settle-options.js'
import { aPlugin } from '../../../fixtures/builders.js'
import { aManifest } from './a-manifest.js'

function plugin(name: string, options: readonly Partial<PluginOption>[], given: Partial<Plugin> = {}): Plugin {
  const all = options.map((option): PluginOption => ({ name: 'A', type: 'string', secret: false, ...option }))
  return aPlugin({ name, manifest: aManifest({ options: all }), ...given })
}

describe('settleOptions', () => {
  it('takes each value from the environment, else from its default, and tells from where', async () => {
    const options = [
      { name: 'GIVEN', default: 'x' },
      { name: 'LEFT', default: 'x' },
      { name: 'EMPTY', default: 'x' },
      { name: 'NOTHING' },
      { name: 'NOTHING_EITHER', default: '' },
      { name: 'YES', type: 'boolean' as const },
    ]
    const environment = { GIVEN: 'y', EMPTY: '', YES: 'yes', OTHER: 'z', NOTHING: '' }

    const settled = await settleOptions([plugin('10-a', options)], environment)

    expect(settled).toEqual({
      variables: { GIVEN: 'y', LEFT: 'x', EMPTY: 'x', YES: 'true' },
      declared: ['GIVEN', 'LEFT', 'EMPTY', 'NOTHING', 'NOTHING_EITHER', 'YES'],
      options: [
        { name: 'GIVEN', plugins: ['10-a'], from: 'environment', value: 'y' },
        { name: 'LEFT', plugins: ['10-a'], from: 'default', value: 'x' },
        { name: 'EMPTY', plugins: ['10-a'], from: 'default', value: 'x' },
        { name: 'NOTHING', plugins: ['10-a'], from: 'not given' },
        { name: 'NOTHING_EITHER', plugins: ['10-a'], from: 'not given' },
        { name: 'YES', plugins: ['10-a'], from: 'environment', value: 'true' },
      ],
      secrets: [],
      problems: [],
    })
  })

  it('gives the value of a secret to scripts, and shows it to nobody', async () => {
    const settled = await settleOptions([plugin('10-a', [{ secret: true }])], { A: 'geheim' })

    expect(settled.variables).toEqual({ A: 'geheim' })
    expect(settled.options).toEqual([{ name: 'A', plugins: ['10-a'], from: 'environment', value: '(secret)' }])
    expect(settled.secrets).toEqual(['A'])
  })

  it('refuses a secret that is too short to be hidden wherever it is printed', async () => {
    const one = await settleOptions([plugin('10-a', [{ secret: true }])], { A: '12345' })
    const list = await settleOptions([plugin('10-a', [{ secret: true, type: 'list' }])], { A: 'long enough\n12345' })

    for (const { problems } of [one, list])
      expect(problems.map(({ what }) => what)).toEqual([
        'is shorter than 6 characters, too short to be kept secret (an option of 10-a)',
      ])
  })

  it('does not repeat a wrong value, secret or not, and still knows it as a secret', async () => {
    const settled = await settleOptions([plugin('10-a', [{ type: 'integer', secret: true }])], { A: 'geheim' })

    expect(settled).toEqual({
      variables: {},
      declared: ['A'],
      options: [],
      secrets: ['A'],
      problems: [{ code: 'PLUGIN_INVALID', where: 'A', what: 'is not a whole number (an option of 10-a)' }],
    })
  })

  it('says of a wrong default that it is one', async () => {
    const { problems } = await settleOptions([plugin('10-a', [{ type: 'path', default: '/nowhere/at/all' }])], {})

    expect(problems).toEqual([
      { code: 'PLUGIN_INVALID', where: 'A', what: 'names nothing that is there (the default of an option of 10-a)' },
    ])
  })

  it('lets plugins share an option that they declare alike; the words for people may differ', async () => {
    const plugins = [plugin('10-a', [{ description: 'x' }]), plugin('20-b', [{ description: 'y' }])]

    const { options, problems } = await settleOptions(plugins, { A: 'v' })

    expect(problems).toEqual([])
    expect(options).toEqual([{ name: 'A', plugins: ['10-a', '20-b'], from: 'environment', value: 'v' }])
  })

  it.each<[string, Partial<PluginOption>]>([
    ['type', { type: 'integer' }],
    ['of', { of: 'user' }],
    ['values', { values: ['x'] }],
    ['default', { default: 'x' }],
    ['secret', { secret: true }],
  ])('refuses one that two plugins declare with another %s', async (key, changed) => {
    const { problems, variables } = await settleOptions([plugin('10-a', [{}]), plugin('20-b', [changed])], { A: '1' })

    expect(problems).toEqual([
      {
        code: 'PLUGIN_INVALID',
        where: '/plugins/pre-stage/20-b/plugin.yaml',
        what: `A: 10-a declares it with another ${key}`,
      },
    ])
    expect(variables).toEqual({})
  })

  it('does not look at the options of plugins that are left out', async () => {
    const settled = await settleOptions([plugin('10-a', [{ type: 'integer' }], { skipped: '--skip' })], { A: 'x' })

    expect(settled).toEqual({ variables: {}, declared: [], options: [], secrets: [], problems: [] })
  })
})

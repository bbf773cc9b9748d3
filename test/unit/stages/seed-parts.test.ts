import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Plugin } from '../../../src/model/plugin.js'
import { seedParts } from '../../../src/stages/seed-parts.js'
import { aPlugin } from '../../fixtures/builders.js'

const SCRIPT = (path: string) => ({ path, interpreter: ['/bin/sh'] })
const FILE = (path: string) => ({ path })

async function names(plugins: readonly Plugin[]): Promise<readonly string[]> {
  return seedParts('/src/cloud-init/user-data.basic', plugins).map((part) => part.name)
}

describe('seedParts', () => {
  it('puts the parts into the order in which the guest meets them', async () => {
    const plugins = [
      aPlugin({
        name: '10-a',
        cloudConfigs: [FILE('cloud-init/cloud-config/10-a.yaml')],
        shellScripts: [FILE('cloud-init/x-shellscript/10-a.sh')],
        guestRun: SCRIPT('guest_run.sh'),
        postGuestRun: SCRIPT('post-stage/guest_run.sh'),
      }),
      aPlugin({
        name: '20-b',
        cloudConfigs: [FILE('cloud-init/cloud-config/20-b.yaml')],
        guestRun: SCRIPT('guest_run.sh'),
      }),
      aPlugin({ name: '05-first', stage: 'post-stage', guestRun: SCRIPT('guest_run.sh') }),
    ]

    expect(await names(plugins)).toEqual([
      'boothook.sh',
      'user-data.basic',
      'config-100-10-a-10-a.yaml',
      'config-101-20-b-20-b.yaml',
      '000-run-parts',
      '100-10-a-10-a.sh',
      '101-10-a-guest_run.sh',
      '102-20-b-guest_run.sh',
      'post-100-05-first-guest_run.sh',
      'post-101-10-a-guest_run.sh',
    ])
  })

  it('puts what plugin.yaml files ask of cloud-init before the cloud-configs of plugins', () => {
    const plugins = [aPlugin({ name: '10-a', cloudConfigs: [FILE('cloud-init/cloud-config/10-a.yaml')] })]
    const parts = seedParts('/src/cloud-init/user-data.basic', plugins, '/work/plugin-yaml.config')

    expect(parts.slice(1, 4).map(({ name, type, source }) => [name, type, source])).toEqual([
      ['user-data.basic', 'cloud-config', '/src/cloud-init/user-data.basic'],
      ['plugin-yaml.config', 'cloud-config', '/work/plugin-yaml.config'],
      ['config-100-10-a-10-a.yaml', 'cloud-config', '/plugins/pre-stage/10-a/cloud-init/cloud-config/10-a.yaml'],
    ])
  })

  it('keeps the order of a thousand parts where names are sorted', async () => {
    const shellScripts = Array.from({ length: 1000 }, (_, index) => FILE(`cloud-init/x-shellscript/10-${index}.sh`))
    const all = (await names([aPlugin({ name: '10-a', shellScripts })])).filter((name) => /^\d/.test(name))

    expect([...all].sort()).toEqual(all)
  })

  it('makes names that a file and a line of the report can have, however long the plugin’s is', async () => {
    const plugin = aPlugin({ name: `10-${'a'.repeat(240)}`, guestRun: SCRIPT('guest_run.sh') })

    expect(Math.max(...(await names([plugin])).map((name) => name.length))).toBeLessThanOrEqual(200)
  })

  it('leaves out all that a skipped plugin has', async () => {
    const plugin = aPlugin({ guestRun: SCRIPT('guest_run.sh'), cloudConfigs: [FILE('a.yaml')], skipped: 'NOT_RUN' })

    expect(await names([plugin])).toEqual(['boothook.sh', 'user-data.basic', '000-run-parts'])
  })

  it('leads each part back to its plugin, its file and its runcmd lines', async () => {
    const plugin = aPlugin({
      cloudConfigs: [{ path: 'cloud-init/cloud-config/10.yaml', runcmd: ['false'], template: 'jinja' }],
    })

    expect(seedParts('/src/cloud-init/user-data.basic', [plugin]).find((part) => part.plugin !== undefined)).toEqual({
      name: 'config-100-10-hello-10.yaml',
      type: 'jinja2',
      source: '/plugins/pre-stage/10-hello/cloud-init/cloud-config/10.yaml',
      plugin: '10-hello',
      file: 'cloud-init/cloud-config/10.yaml',
      runcmd: ['false'],
    })
  })

  it('makes names that nothing on the way changes, no two alike, scripts before runcmd', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary', minLength: 1 }), { maxLength: 20 }), async (files) => {
        const plugins = [
          aPlugin({ name: '10-a', shellScripts: files.map(FILE) }),
          aPlugin({ name: '20-b', shellScripts: files.map(FILE) }),
        ]
        const made = await names(plugins)
        expect(new Set(made).size).toBe(made.length)
        for (const name of made) expect(name).toMatch(/^[A-Za-z0-9._-]{1,200}$/)
        const scripts = made.slice(made.indexOf('000-run-parts'))
        expect(scripts.filter((name) => name >= 'runcmd')).toEqual([])
        expect([...scripts].sort()).toEqual(scripts)
      }),
      { numRuns: 30 },
    )
  })
})

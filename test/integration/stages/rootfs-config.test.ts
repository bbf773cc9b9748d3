import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { load } from 'js-yaml'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Plugin } from '../../../src/model/plugin.js'
import { mergedCloudConfig } from '../../../src/stages/merged-config.js'
import { writeRootfsConfig } from '../../../src/stages/rootfs-config.js'
import { aPlugin } from '../../fixtures/builders.js'
import { aRootfsPlan, aUser, KEY } from '../../fixtures/rootfs.js'
import { MERGE_HOW } from '../plugins/plugin-trees.js'

const hasCloudInit = spawnSync('/usr/bin/python3', ['-c', 'import cloudinit']).status === 0
const FIRST = new URL('../../../cloud-init/user-data.basic', import.meta.url).pathname
const rootfs = aRootfsPlan({ users: [aUser()], packages: [{ word: 'jq', plugins: ['10-a'] }] })
let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-config-'))
})
afterEach(async () => await rm(dir, { recursive: true, force: true }))

async function pluginWith(text: string, template?: 'jinja'): Promise<Plugin> {
  await writeFile(join(dir, '10.yaml'), text)
  return aPlugin({ dir, cloudConfigs: [{ path: '10.yaml', ...(template === undefined ? {} : { template }) }] })
}

async function usersFor(plugins: readonly Plugin[]): Promise<readonly unknown[]> {
  const path = await writeRootfsConfig({ rootfs }, FIRST, plugins, dir)
  return (load(await readFile(path ?? '', 'utf8')) as { users: readonly unknown[] }).users
}

describe('writeRootfsConfig', () => {
  it('writes nothing when plugin.yaml files ask nothing of cloud-init', async () => {
    expect(await writeRootfsConfig({}, FIRST, [], dir)).toBeUndefined()
    expect(await writeRootfsConfig({ rootfs: aRootfsPlan() }, FIRST, [], dir)).toBeUndefined()
  })

  it('writes a file that nobody else can read', async () => {
    const path = (await writeRootfsConfig({ rootfs }, FIRST, [], dir)) ?? ''

    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('keeps the user of the distribution, who would be left out otherwise', async () => {
    const plugin = await pluginWith(`#cloud-config\n${MERGE_HOW}runcmd:\n  - 'users: [x]'\n`)

    expect((await usersFor([plugin]))[0]).toBe('default')
  })

  it('leaves that to another cloud-config that has a list of users, a template too, unless its plugin is left out', async () => {
    const plain = await pluginWith(`#cloud-config\n${MERGE_HOW}users: [{name: x}]\n`)
    expect(await usersFor([plain])).toHaveLength(1)
    expect(await usersFor([{ ...plain, skipped: '--skip' }])).toHaveLength(2)

    const template = await pluginWith(
      `## template: jinja\n#cloud-config\n${MERGE_HOW}users: [{name: "{{ x }}"}]\n`,
      'jinja',
    )
    expect(await usersFor([template])).toHaveLength(1)
  })
})

describe.skipIf(!hasCloudInit)("the host's cloud-init (skipped where it is not installed)", () => {
  const merged = async (paths: readonly string[]) => {
    const parts = paths.map((source, index) => ({ name: `part-${index}`, type: 'cloud-config' as const, source }))
    const { text, warnings } = await mergedCloudConfig(parts, AbortSignal.timeout(60_000))
    return { warnings, config: load(text) as Record<string, unknown> }
  }

  it('finds nothing wrong with it in its schema', async () => {
    const plan = aRootfsPlan({
      ...rootfs,
      groups: [{ word: 'cvm', plugins: [] }],
      users: [aUser({ groups: ['a'], shell: '/bin/sh', sudo: true }), aUser({ name: 'svc', system: true })],
      authorizedKeys: [{ user: 'cvm', keys: [KEY], plugins: [] }],
    })
    const path = (await writeRootfsConfig({ rootfs: plan }, FIRST, [], dir)) ?? ''
    const asked = spawnSync('cloud-init', ['schema', '-c', path], { env: { ...process.env, LC_ALL: 'C.UTF-8' } })

    expect(`${asked.stdout}${asked.stderr}`).toContain('Valid')
    expect(asked.status).toBe(0)
  })

  it('D29: appends its lists to those of other parts, and the first value holds', async () => {
    const ours = (await writeRootfsConfig({ rootfs }, FIRST, [], dir)) ?? ''
    const theirs = join(dir, 'theirs.yaml')
    await writeFile(theirs, `#cloud-config\n${MERGE_HOW}packages: [curl]\npackage_update: false\n`)

    const { warnings, config } = await merged([FIRST, ours, theirs])

    expect(warnings).toEqual([])
    expect(config).toMatchObject({ packages: ['jq', 'curl'], package_update: true, preserve_hostname: true })
  })

  it('D38: sees every comment of a key as it was given, one after the other', async () => {
    const comments = [
      ...['me@host: laptop #1', '"\'`{}[]&*!|>%@\\', '\u0085\u2028\u2029\ufeff\u00a0', '- x: y', 'ключ 🔑', '  a   b'],
      ...fc.sample(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }), 200),
    ]
    const keys = comments.map((comment) => `${KEY} ${comment}`)
    const plan = aRootfsPlan({ users: [aUser()], authorizedKeys: [{ user: 'cvm', keys, plugins: [] }] })
    const path = (await writeRootfsConfig({ rootfs: plan }, FIRST, [], dir)) ?? ''

    const { warnings, config } = await merged([path])

    expect(warnings).toEqual([])
    expect(config['users']).toEqual(['default', { name: 'cvm', lock_passwd: true, ssh_authorized_keys: keys }])
  })
})

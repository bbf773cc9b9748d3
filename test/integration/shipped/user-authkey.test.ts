import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { readPlugins } from '../../../src/plugins/read-plugins.js'
import { KEY, OTHER_KEY } from '../../fixtures/rootfs.js'
import { runCli } from '../cli/run-cli.js'

const ROOT = new URL('../../..', import.meta.url).pathname
const NAME = '04-user-authkey'
const hasCloudInit = spawnSync('/usr/bin/python3', ['-c', 'import cloudinit']).status === 0

async function read(environment: Readonly<Record<string, string>>) {
  const dirs = { preStage: join(ROOT, 'pre-stage') }
  const reading = await readPlugins({ dirs, skip: [], only: [NAME], environment })
  return { ...reading, plugin: reading.plugins.find(({ name }) => name === NAME) }
}
const problems = async (environment: Readonly<Record<string, string>>) =>
  (await read(environment)).problems.map(({ where, what }) => `${where}: ${what}`)

describe(NAME, () => {
  it('makes a user with several keys, and no rights unless they are asked for (D39)', async () => {
    const { wishes, problems: found } = await read({ CVM_AUTH_KEY: `${KEY} one\n${OTHER_KEY} two\n` })

    expect(found).toEqual([])
    expect(wishes.rootfs).toMatchObject({
      users: [{ name: 'cvm', shell: '/bin/bash', sudo: false, system: false }],
      authorizedKeys: [{ user: 'cvm', keys: [`${KEY} one`, `${OTHER_KEY} two`] }],
    })
  })

  it('gives rights, and another name, by choice', async () => {
    const { wishes } = await read({ CVM_AUTH_KEY: KEY, CVM_USER: 'eve', CVM_USER_SUDO: 'yes' })

    expect(wishes.rootfs?.users).toMatchObject([{ name: 'eve', sudo: true }])
  })

  it('does nothing without a key, and says why', async () => {
    const { wishes, plugin, problems: found } = await read({ CVM_USER: 'eve' })

    expect({ wishes, found }).toEqual({ wishes: {}, found: [] })
    expect(plugin?.skipped).toBe('CVM_AUTH_KEY not given')
  })

  it.each([
    ['a user with a colon', { CVM_USER: 'root:0' }],
    ['a user with a line break', { CVM_USER: 'eve\n  sudo: ALL' }],
    ['a user that is a path', { CVM_USER: '../x' }],
    ['a key that is none', { CVM_AUTH_KEY: 'hello' }],
    ['a file name in place of a key', { CVM_AUTH_KEY: '/root/.ssh/id_ed25519.pub' }],
    ['options in front of a key', { CVM_AUTH_KEY: `command="sh" ${KEY}` }],
    ['rights that are neither', { CVM_USER_SUDO: 'maybe' }],
  ])('D40, faults 112: refuses %s before anything is done', async (_, wrong) => {
    expect(await problems({ CVM_AUTH_KEY: KEY, ...wrong })).toEqual([
      expect.stringMatching(new RegExp(`^${Object.keys(wrong)[0]}: .*04-user-authkey`)),
    ])
  })
})

describe.skipIf(!hasCloudInit)(`${NAME} in render (skipped where cloud-init is not installed)`, () => {
  const status = () =>
    execFileSync('git', ['status', '--porcelain', '--ignored', 'pre-stage'], { cwd: ROOT, encoding: 'utf8' })
  const rendered = async (env: Readonly<Record<string, string>>) => {
    const { stdout } = await runCli(ROOT, ['render', '--json', '--only', NAME], { CVM_AUTH_KEY: '', ...env })
    return JSON.parse(stdout)
  }

  it('D38: ships the key with the comment that it has, and it is nothing else', async () => {
    const key = `${KEY} me@host: laptop #1 "x"`
    const { cloudConfig, parts } = await rendered({ CVM_AUTH_KEY: key })

    expect(load(cloudConfig.text)).toMatchObject({
      users: ['default', { name: 'cvm', lock_passwd: true, shell: '/bin/bash', ssh_authorized_keys: [key] }],
    })
    expect(cloudConfig.text).not.toContain('NOPASSWD')
    expect(parts[2]).toMatchObject({ name: 'plugin-yaml.config', plugin: null })
  })

  it('D30, D31: leaves nothing in the plugin: the next run without a key knows none, and no file has changed', async () => {
    const before = status()
    await rendered({ CVM_AUTH_KEY: KEY })
    const { cloudConfig, parts, skipped } = await rendered({})

    expect(status()).toBe(before)
    expect(cloudConfig.text).not.toContain('users')
    expect(parts.map(({ name }: { name: string }) => name)).not.toContain('plugin-yaml.config')
    expect(skipped).toContainEqual({ plugin: NAME, why: 'CVM_AUTH_KEY not given' })
  })
})

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPlugins } from '../../../src/plugins/read-plugins.js'

const ROOT = new URL('../../..', import.meta.url).pathname
const dirs = { preStage: join(ROOT, 'pre-stage'), postStage: join(ROOT, 'post-stage') }

describe('a run with the shipped plugins and nothing else said', () => {
  it.each([
    ['D36: does not grow the disk', '01-resize-image', 'GUEST_SIZE not given'],
    ['writes no vsock port', '09-vsock-port', 'CVM_VSOCK_PORT not given'],
    ['D28: leaves the sample out', '97-sample', 'NOT_RUN'],
  ])('%s', async (_, name, reason) => {
    const { plugins, problems } = await read({})

    expect(problems).toEqual([])
    expect(plugins.find((plugin) => plugin.name === name)?.skipped).toBe(reason)
  })

  it('D28: ships no demonstration and no advertisement', async () => {
    const { payload } = await read({})
    const paths = payload.entries.filter(({ kind }) => kind !== 'directory').map(({ path }) => path.toString())

    expect(paths).toContain('etc/motd')
    for (const path of paths) expect(path).not.toMatch(/sample|demo|example|(?:^|\/)test|^opt\//)
    const motd = await readFile(join(dirs.preStage, '02-motd-welcome/files/etc/motd'), 'utf8')
    expect(motd.length).toBeLessThan(200)
    expect(motd).not.toMatch(/https?:|www\.|intel|github|\u001b/i)
  })

  it('takes a plugin in when its option is given, and refuses a value that is none before anything is done', async () => {
    const good = await read({ GUEST_SIZE: '20G', CVM_VSOCK_PORT: '4050' })
    const bad = await read({
      GUEST_SIZE: '20GB',
      CVM_VSOCK_PORT: 'x',
      CVM_DEVICE_GROUP: 'No Group',
      CVM_READONLY_MODE: 'x',
    })

    expect(good.plugins.filter(({ skipped }) => skipped !== undefined).map(({ name }) => name)).toEqual([
      '04-user-authkey',
      '06-install-tdx-guest-kernel',
      '20-secure-boot-keys',
      '21-firmware-variables',
      '97-sample',
    ])
    expect(good.problems).toEqual([])
    expect(bad.problems.map(({ where, what }) => `${where} ${what}`).sort()).toEqual([
      expect.stringMatching(/^CVM_DEVICE_GROUP is not a user name: .*07-device-permission, 08-attestation-permissions/),
      expect.stringMatching(/^CVM_READONLY_MODE is not one of chattr, bind /),
      expect.stringMatching(/^CVM_VSOCK_PORT is not a whole number /),
      expect.stringMatching(/^GUEST_SIZE is not a whole number with K, M, G or T/),
    ])
  })
})

async function read(environment: Readonly<Record<string, string>>) {
  return await readPlugins({ dirs, skip: [], only: [], environment })
}

import { chmod, chown } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { unprivilegedAccount } from '../../../src/host/accounts.js'
import { Cleanup } from '../../../src/host/cleanup.js'
import { startJanitor } from '../../../src/host/janitor.js'
import { type LibvirtConnection, startPrivateLibvirt } from '../../../src/host/private-libvirt.js'
import { runTool, runToolOrFail } from '../../../src/host/run-tool.js'
import { makeScratch } from '../../../src/host/scratch.js'
import { DOMAIN_MARK } from '../../../src/launch/libvirt-xml.js'
import type { LaunchConfig } from '../../../src/model/launch.js'
import { connectForDefine, defineDomain } from '../../../src/stages/define-domain.js'
import { sample } from '../../fixtures/launch/samples.js'

const cleanup = new Cleanup()
let connection: LibvirtConnection
let config: LaunchConfig

beforeAll(async () => {
  const account = await unprivilegedAccount()
  const scratch = cleanup.use(await makeScratch('/tmp', 'dd', 0o755))
  const janitor = startJanitor()
  cleanup.defer(async () => await janitor.done())
  const cacheDir = join(homedir(), '.cache', 'cvm-image-rewriter', 'libvirt')
  connection = cleanup.use(await startPrivateLibvirt({ scratchDir: scratch.path, cacheDir, account, janitor }))
  const disk = join(scratch.path, 'disk.qcow2')
  await runToolOrFail({ tool: 'qemu-img', args: ['create', '-q', '-f', 'qcow2', disk, '1M'] })
  await chmod(disk, 0o600)
  if (account !== undefined) await chown(disk, account.uid, account.gid)
  config = {
    ...sample('plain-bios'),
    memoryMiB: 64,
    disks: [{ path: disk, format: 'qcow2', readOnly: false, throwAway: false }],
  }
}, 60_000)
afterAll(async () => await cleanup[Symbol.asyncDispose]())

afterEach(async () => {
  for (const name of ['plain', '1', 'foreign']) {
    await virsh('destroy', '--domain', name)
    await virsh('undefine', '--domain', name)
  }
})

async function virsh(...args: readonly string[]) {
  const { uri, env, account } = connection
  const as = account === undefined ? {} : { as: account }
  return await runTool({ tool: 'virsh', args: ['--connect', uri, ...args], env }, { timeoutMs: 30_000, ...as })
}

async function uuidOf(name: string): Promise<string> {
  return (await virsh('domuuid', '--domain', name)).stdout.trim()
}

function define(more: Partial<Parameters<typeof defineDomain>[0]> = {}) {
  return defineDomain({ config, connection, start: false, replace: false, ...more })
}

/** A domain that somebody else might have made: ours without its mark. */
async function foreignDomain(): Promise<void> {
  await define()
  const removed = await virsh('metadata', '--domain', 'plain', '--uri', DOMAIN_MARK, '--remove', '--config')
  expect(removed.exitCode).toBe(0)
}

describe('defineDomain', () => {
  it('defines a domain that is ours and shut off', async () => {
    const defined = await define()

    expect(defined).toMatchObject({ name: 'plain', replaced: false, started: false, notes: [] })
    expect((await virsh('domstate', '--domain', 'plain')).stdout.trim()).toBe('shut off')
    expect((await virsh('metadata', '--domain', 'plain', '--uri', DOMAIN_MARK)).exitCode).toBe(0)
  })

  it('refuses to define it again, unless it may replace it', async () => {
    await define()
    const uuid = await uuidOf('plain')

    await expect(define()).rejects.toMatchObject({ code: 'DOMAIN_EXISTS', exitCode: 2 })
    const again = await define({ config: { ...config, vcpus: 3 }, replace: true })

    expect(again.replaced).toBe(true)
    expect(await uuidOf('plain')).toBe(uuid)
    expect((await virsh('dumpxml', '--domain', 'plain')).stdout).toMatch(/<vcpu[^>]*>3</)
  })

  it('never touches a domain without its mark', async () => {
    await foreignDomain()
    const before = (await virsh('dumpxml', '--domain', 'plain')).stdout

    for (const replace of [false, true]) {
      await expect(define({ replace, config: { ...config, vcpus: 3 } })).rejects.toMatchObject({
        code: 'DOMAIN_EXISTS',
        why: expect.stringContaining('not made by this program'),
      })
    }
    expect((await virsh('dumpxml', '--domain', 'plain')).stdout).toBe(before)
  })

  it('starts the domain, and neither redefines nor ends one that runs', async () => {
    expect((await define({ start: true })).started).toBe(true)
    expect((await virsh('domstate', '--domain', 'plain')).stdout.trim()).toBe('running')

    await expect(define({ replace: true })).rejects.toMatchObject({ code: 'DOMAIN_EXISTS', why: 'it is running' })
    expect((await virsh('domstate', '--domain', 'plain')).stdout.trim()).toBe('running')
  })

  it('does not take a name of digits for the number of another domain that runs', async () => {
    await define({ start: true })
    const id = (await virsh('domid', '--domain', 'plain')).stdout.trim()

    const defined = await define({ config: { ...config, name: id } })

    expect(defined.replaced).toBe(false)
    expect((await virsh('list', '--all', '--name')).stdout.split('\n').filter(Boolean).sort()).toEqual(
      [id, 'plain'].sort(),
    )
    await virsh('undefine', '--domain', (await virsh('list', '--inactive', '--uuid')).stdout.trim())
  })

  it('says that a domain is defined, and why it did not start', async () => {
    const disks = [{ path: '/nowhere/disk.qcow2', format: 'qcow2', readOnly: false, throwAway: false } as const]

    await expect(define({ start: true, config: { ...config, disks } })).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringContaining('is defined, but it did not start'),
      why: expect.stringContaining('/nowhere/disk.qcow2'),
    })
    expect((await virsh('domstate', '--domain', 'plain')).stdout.trim()).toBe('shut off')
  })

  it('defines nothing of which this libvirt knows only a part', async () => {
    const { exitCode } = await virsh('domcapabilities', '--virttype', 'kvm')
    const tdx = { ...sample('tdx-full'), disks: config.disks, name: 'plain' }
    const schemaKnows = (await runTool({ tool: 'virsh', args: ['--version'] })).stdout >= '11.6'

    if (!schemaKnows || exitCode !== 0) {
      await expect(define({ config: tdx })).rejects.toMatchObject({ code: 'TOOL_FAILED' })
      expect((await virsh('list', '--all', '--name')).stdout.trim()).toBe('')
    }
  })
})

describe('connectForDefine', () => {
  it('says what to do where no daemon answers', async () => {
    await expect(connectForDefine('/nowhere/libvirt-sock')).rejects.toMatchObject({
      code: 'LIBVIRT_UNREACHABLE',
      exitCode: 3,
      next: expect.stringContaining('systemctl start libvirtd'),
    })
  })
})

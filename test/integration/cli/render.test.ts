import { spawnSync } from 'node:child_process'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MERGE_HOW, type PluginTrees, plantPlugins } from '../plugins/plugin-trees.js'
import { runCli } from './run-cli.js'

const README = '# x\n\nDoes x.\n'
const CONFIG = `#cloud-config\n${MERGE_HOW}`
const hasCloudInit = spawnSync('/usr/bin/python3', ['-c', 'import cloudinit']).status === 0
let trees: PluginTrees

beforeAll(async () => {
  trees = await plantPlugins({
    'pre-stage/10-a/README.md': README,
    'pre-stage/10-a/cloud-init/cloud-config/10-a.yaml': `${CONFIG}runcmd: [echo first]\ntimezone: UTC\n`,
    'pre-stage/10-a/cloud-init/cloud-config/11-t.yaml': `## template: jinja\n${CONFIG}fqdn: "{{ v1.local_hostname }}"\n`,
    'pre-stage/10-a/files/etc/motd': 'from a\n',
    'pre-stage/20-b/README.md': README,
    'pre-stage/20-b/cloud-init/cloud-config/20-b.yaml': `${CONFIG}runcmd: [echo second]\ntimezone: Europe/Berlin\n`,
    'pre-stage/20-b/files/etc/motd': 'from b, longer\n',
    'pre-stage/20-b/files/etc/link': { to: 'motd' },
    'pre-stage/20-b/guest_run.sh': '#!/bin/sh\ntrue\n',
    'pre-stage/20-b/host_run.sh': '#!/bin/sh\ntouch /tmp/render-ran-a-host-script\n',
    'pre-stage/30-off/NOT_RUN': '',
    'post-stage/50-c/README.md': README,
    'post-stage/50-c/guest_run.sh': '#!/bin/sh\ntrue\n',
  })
})
afterAll(async () => await trees[Symbol.asyncDispose]())

async function rendered(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await runCli(trees.root, ['render', '--json', ...args], env)
  return { code, stderr, object: JSON.parse(stdout) }
}

describe.skipIf(!hasCloudInit)('render (skipped where cloud-init is not installed)', () => {
  it("shows the cloud-config that cloud-init's own merger makes of all parts", async () => {
    const { code, object, stderr } = await rendered()

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(object.cloudConfig.text).toMatch(/^#cloud-config\n/)
    expect(object.cloudConfig.text).toMatch(/runcmd:\n- echo first\n- echo second\n/)
    // no_replace: the first one holds.
    expect(object.cloudConfig.text).toMatch(/^timezone: UTC$/m)
    expect(object.cloudConfig.warnings).toEqual([])
    expect(object.templates).toEqual([{ plugin: '10-a', file: 'cloud-init/cloud-config/11-t.yaml' }])
    expect(object.cloudConfig.text).not.toContain('fqdn')
  })

  it('lists the parts in the order in which the guest meets them, with their plugins and sizes', async () => {
    const { object } = await rendered()

    expect(
      object.parts.map((part: { type: string; plugin: string; file: string }) => [part.plugin, part.type]),
    ).toEqual([
      [null, 'cloud-boothook'],
      [null, 'cloud-config'],
      ['10-a', 'cloud-config'],
      ['10-a', 'jinja2'],
      ['20-b', 'cloud-config'],
      [null, 'x-shellscript'],
      ['20-b', 'x-shellscript'],
      ['50-c', 'x-shellscript'],
    ])
    expect(object.parts.at(-1)).toMatchObject({ file: 'guest_run.sh', sizeBytes: 15 })
  })

  it('lists the payload with the plugin that each file is from, and whose file it replaces', async () => {
    const { object } = await rendered()

    expect(object.payload).toContainEqual({
      path: '/etc/motd',
      kind: 'file',
      mode: expect.stringMatching(/^06[0-7]{2}$/),
      sizeBytes: 15,
      plugin: '20-b',
      target: null,
      replaces: ['10-a'],
    })
    expect(object.payload).toContainEqual(expect.objectContaining({ path: '/etc/link', kind: 'link', target: 'motd' }))
  })

  it('runs no host script, and says whose is not shown', async () => {
    const { object } = await rendered()

    expect(object.hostScripts).toEqual(['20-b'])
    expect(object.skipped).toEqual([{ plugin: '30-off', why: 'NOT_RUN' }])
    await expect(readFile('/tmp/render-ran-a-host-script')).rejects.toThrow('ENOENT')
  })

  it('leaves out what --skip names', async () => {
    const { object } = await rendered(['--skip', '20-b'])

    expect(object.cloudConfig.text).not.toContain('second')
    expect(object.payload.find(({ path }: { path: string }) => path === '/etc/motd')).toMatchObject({ plugin: '10-a' })
  })

  it('prints no variable whose name says that it is secret, as text and as JSON', async () => {
    const env = { GUEST_SIZE: '9G', CVM_PASSWORD: 'hunter2', CVM_API_TOKEN: 'hunter3', GUEST_PRIVATE_KEY: 'hunter4' }
    const text = await runCli(trees.root, ['render'], env)
    const { object } = await rendered([], env)

    expect(text.stdout).toContain('GUEST_SIZE=9G')
    expect(text.stdout).toContain('CVM_PASSWORD=(secret)')
    expect(object.variables).toMatchObject({ GUEST_SIZE: '9G', CVM_API_TOKEN: '(secret)' })
    expect(text.stdout + text.stderr + JSON.stringify(object)).not.toContain('hunter')
  })

  it('is a page with headed blocks for people', async () => {
    const { stdout } = await runCli(trees.root, ['render'])

    expect(stdout.match(/^\S.*$/gm)).toEqual([
      expect.stringMatching(/^cloud-config, merged by cloud-init \d+\.\d.* of this host$/),
      'parts, in the order in which the guest meets them',
      'payload, unpacked onto /',
      'variables',
      'not shown',
      'notes',
    ])
    expect(stdout).toMatch(/^ +15 {2}06\d\d {2}20-b {2}\/etc\/motd \(replaces that of 10-a\)$/m)
    expect(stdout).toMatch(/what the host_run\.sh of 20-b adds: render runs no host script/)
  })

  it('shows what it can and exits with 5 when a run would refuse the plugins', async () => {
    await using conflict = await plantPlugins({
      'pre-stage/10-a/README.md': README,
      'pre-stage/10-a/files/etc/x': 'a file\n',
      'pre-stage/20-b/README.md': README,
      'pre-stage/20-b/files/etc/x/y': 'below a directory\n',
    })
    const { code, stdout, stderr } = await runCli(conflict.root, ['render'])

    expect(code).toBe(5)
    expect(stdout).toContain('/etc/x')
    expect(stderr).toMatch(/^error\[PAYLOAD_CONFLICT\] .*20-b\/files\/etc\/x/)
    expect((await runCli(conflict.root, ['render', '--json'])).code).toBe(5)
  })

  it('works where another Python is first on PATH', async () => {
    const bin = join(trees.root, 'bin')
    await mkdir(bin)
    await symlink('/bin/false', join(bin, 'python3'))
    const { code } = await rendered([], { PATH: `${bin}:${process.env['PATH']}` })

    expect(code).toBe(0)
  })
})

describe('render without cloud-init', () => {
  it('says so with the line that installs it, and exits with 3', async () => {
    const { code, stdout, stderr } = await runCli(trees.root, ['render'], { PATH: '/nonexistent' })

    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toMatch(/^error\[TOOL_MISSING\] cloud-init is not installed\n {2}why: /)
    expect(stderr).toMatch(/next: apt-get install --no-install-recommends cloud-init\n$/)
  })
})

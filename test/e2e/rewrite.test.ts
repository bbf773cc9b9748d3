import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runToolOrFail } from '../../src/host/run-tool.js'
import type { RewriteReport } from '../../src/model/report.js'
import { bootAndLook, fileHolds } from './boot.js'
import { demoGuest, TRIXIE_UEFI } from './guests.js'
import { program } from './run-program.js'

const LAUNCH_PLUGIN = `description: How this guest is to be started, and whose it is
vm: { vcpus: 2, memory: 1536M }
launch-identity: { mrowner: file:owner.txt }
`

// The boots are shared between tests: each one takes one to three minutes in emulation.
describe('a real guest, rewritten with all plugins', () => {
  let dir: string
  let guest: string
  let before: string
  let output: string
  let report: RewriteReport

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cvm-e2e-'))
    guest = await demoGuest(TRIXIE_UEFI)
    before = await identityOf(guest)
    await program('rewrite', ['init', dir], { cwd: dir })
    const files = join(dir, 'pre-stage', '60-initrd-update', 'files', 'etc', 'cvm e2e')
    await mkdir(files, { recursive: true })
    await writeFile(join(files, 'in-the-initrd'), 'seen\n', { mode: 0o640 })
    const ours = join(dir, 'pre-stage', '71-launch')
    await mkdir(ours)
    await writeFile(join(ours, 'plugin.yaml'), LAUNCH_PLUGIN)
    await writeFile(join(ours, 'owner.txt'), 'the owner of this guest\n')
    const run = await program('rewrite', ['-i', guest, '--json', '-t', '15'], {
      cwd: dir,
      env: { GUEST_SIZE: '5G', CVM_VSOCK_PORT: '4050' },
    })
    expect(run.code, run.stderr + run.stdout).toBe(0)
    report = JSON.parse(run.stdout) as RewriteReport
    output = join(dir, 'output.qcow2')
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  it('leaves the image, its report, how it is to be started, and nothing else', async () => {
    expect((await readdir(dir)).sort()).toEqual([
      'cloud-init',
      'output.launch.json',
      'output.qcow2',
      'output.report.json',
      'post-stage',
      'pre-stage',
    ])
    expect(
      createHash('sha256')
        .update(await readFile(output))
        .digest('hex'),
    ).toBe(report.output?.sha256)
  })

  it('says beside the image how a plugin wants it to be started, with an identity made of its file', async () => {
    const launch = JSON.parse(await readFile(join(dir, 'output.launch.json'), 'utf8'))

    expect(launch.vm).toMatchObject({ vcpus: 2, memory: '1536M' })
    const digest = createHash('sha384').update('the owner of this guest\n').digest('hex')
    expect(launch['launch-identity'].mrowner).toBe(digest)
    expect(report.launch?.path).toBe(join(dir, 'output.launch.json'))
  })

  it('does not touch the input', async () => {
    expect(await identityOf(guest)).toBe(before)
  })

  it('ran every plugin but those that need an option and the sample, and passed every check', () => {
    const named = (state: 'ran' | 'skipped') => report.plugins.filter((each) => each.state === state)
    expect(named('ran').map(({ name }) => name)).toEqual([
      '01-resize-image',
      '02-motd-welcome',
      '03-netplan',
      '05-readonly-data',
      '07-device-permission',
      '08-attestation-permissions',
      '09-vsock-port',
      '10-kernel-cmdline',
      '60-initrd-update',
      '71-launch',
      '98-ima-enable-simple',
      '10-seal',
      '50-image-check',
      '99-byebye',
    ])
    expect(named('skipped').map(({ name, why }) => [name, why])).toEqual([
      ['04-user-authkey', 'CVM_AUTH_KEY not given'],
      ['06-install-tdx-guest-kernel', 'CVM_TDX_GUEST_REPO not given'],
      ['20-secure-boot-keys', 'CVM_SB_KEYS not given'],
      ['21-firmware-variables', 'CVM_FIRMWARE_VARIABLES not given'],
      ['97-sample', 'NOT_RUN'],
    ])
    expect(report.checks.filter((check) => !check.ok)).toEqual([])
    expect(report.guest?.failedUnits).toEqual([])
    expect(report.guest?.cloudInit?.warnings).toEqual([])
  })

  it('has the root file system that fills the larger disk', () => {
    expect(report.output?.virtualSizeBytes).toBe(5 * 2 ** 30)
    expect(report.plugins[0]?.notes.join()).toMatch(/^\/ has 4\d\d\d MiB of a disk of 5120 MiB$/)
  })

  it('has the file of 60-initrd-update in the initrd, read back in the same run', () => {
    expect(report.guest?.parts.find(({ part }) => part === 'initrd-check')?.tail).toContain(
      '3 files and directories in the initrd (read back from 1)',
    )
  })

  it('adds the IMA arguments and keeps what was on the kernel command line', () => {
    const cmdline = report.guest?.inventory?.cmdline.split(' ')
    expect(cmdline).toEqual(expect.arrayContaining(['ima_appraise=log', 'ima_hash=sha256', 'console=ttyS0']))
  })

  it('keeps nothing of the build boot without address randomisation', async () => {
    expect(await fileHolds(output, 'randomize_va_space=0')).toBe(false)
  })

  it('comes up in the boot test, which does not change the file', async () => {
    const run = await program('qemu-test', ['-i', output, '-t', '10', '--json'], { cwd: dir })

    expect(run.code, run.stderr + run.stdout).toBe(0)
    expect(JSON.parse(run.stdout).launch, 'as output.launch.json says').toMatchObject({ vcpus: 2, memoryMiB: 1536 })
    expect(
      createHash('sha256')
        .update(await readFile(output))
        .digest('hex'),
    ).toBe(report.output?.sha256)
  })

  it('gives copies an identity of their own, network and sshd, and ignores a hostile seed disk', async () => {
    const seedIso = await hostileSeed(dir)
    await using one = await bootAndLook(output, dir, { uefi: true })
    await using other = await bootAndLook(output, dir, { uefi: true, seedIso })

    expect(one.hostKeys.length).toBeGreaterThan(0)
    expect(one.hostKeys.filter((key) => other.hostKeys.includes(key))).toEqual([])
    const ids = [await one.readFile('/etc/machine-id'), await other.readFile('/etc/machine-id')]
    expect(ids[0]).toMatch(/^[0-9a-f]{32}\n$/)
    expect(ids[1]).toMatch(/^[0-9a-f]{32}\n$/)
    expect(ids[0]).not.toBe(ids[1])
    expect(await other.readFile('/etc/hostile-was-here')).toBeUndefined()
    expect(one.console).toContain('ima: ')
    expect(await one.readFile('/etc/motd')).toContain('confidential-VM guest')
  })

  it('can be rewritten once more, although it is sealed', async () => {
    const again = join(dir, 'again.qcow2')
    const args = ['-i', output, '-o', again, '--json', '-t', '15', '--only', '02-motd-welcome']
    const run = await program('rewrite', args, { cwd: dir })

    expect(run.code, run.stderr + run.stdout).toBe(0)
    const second = JSON.parse(run.stdout) as RewriteReport
    expect(second.checks.find((check) => check.name === 'sealed')?.detail).toBe(
      'nothing shared is left; cloud-init is closed',
    )
    expect(second.guest?.inventory?.cmdline.match(/ima_appraise/g)).toHaveLength(1)
  })
})

describe('an image with SEAL_CLOUD_INIT=keep, the control', () => {
  let dir: string
  let output: string
  const canaries = {
    userData: 'canary-in-user-data-5c1d',
    script: 'canary-in-a-script-77aa',
    deleted: 'canary-in-a-deleted-file-90fe',
    variable: 'canary-in-a-variable-31bd',
    printed: 'canary-in-what-a-script-prints-d20c',
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cvm-e2e-keep-'))
    const plugin = join(dir, 'pre-stage', '20-canary')
    await mkdir(join(plugin, 'cloud-init', 'cloud-config'), { recursive: true })
    await mkdir(join(plugin, 'cloud-init', 'x-shellscript'))
    await mkdir(join(plugin, 'files', 'srv'), { recursive: true })
    await mkdir(join(plugin, 'post-stage'))
    // As long as it runs, what it prints is copied from its log to the end's own, which is open to the last.
    await writeFile(join(plugin, 'post-stage', 'guest_run.sh'), `#!/bin/sh\necho ${canaries.printed}\nsleep 3\n`)
    await writeFile(join(plugin, 'README.md'), '# 20-canary\n\nLeaves canaries.\n')
    await writeFile(
      join(plugin, 'cloud-init', 'cloud-config', '20-canary.yaml'),
      `#cloud-config\nmerge_how:\n  - {name: list, settings: [append]}\n  - {name: dict, settings: [no_replace, recurse_list]}\nruncmd:\n  - [sh, -c, "echo ${canaries.userData} >/dev/null"]\n`,
    )
    await writeFile(
      join(plugin, 'cloud-init', 'x-shellscript', '20-canary.sh'),
      `#!/bin/sh\n# ${canaries.script}\ncp /srv/deleted /srv/copy\nsync\nrm /srv/deleted /srv/copy\n`,
    )
    await writeFile(join(plugin, 'files', 'srv', 'deleted'), `${canaries.deleted}\n`.repeat(200))
    output = join(dir, 'output.qcow2')
    const run = await program('rewrite', ['-i', await demoGuest(TRIXIE_UEFI), '-t', '15'], {
      cwd: dir,
      env: { SEAL_CLOUD_INIT: 'keep', CVM_CANARY: canaries.variable },
    })
    expect(run.code, run.stderr).toBe(0)
    expect(run.stdout).toContain('cloud-init is OPEN to a later seed')
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  it.each(Object.entries(canaries))('holds no byte of the canary in %s', async (_where, canary) => {
    expect(await fileHolds(output, canary)).toBe(false)
  })

  it('is where the search for canaries would find one', async () => {
    expect(await fileHolds(output, 'GRUB')).toBe(true)
  })

  it('obeys the hostile seed disk that a sealed image ignores', async () => {
    await using booted = await bootAndLook(output, dir, { uefi: true, seedIso: await hostileSeed(dir) })

    expect(await booted.readFile('/etc/hostile-was-here')).toBe('yes\n')
  })
})

/** A disk labelled cidata whose user-data leaves a file. */
async function hostileSeed(dir: string): Promise<string> {
  const seed = await mkdtemp(join(dir, 'hostile-'))
  await writeFile(join(seed, 'user-data'), '#cloud-config\nbootcmd:\n  - [sh, -c, "echo yes >/etc/hostile-was-here"]\n')
  await writeFile(join(seed, 'meta-data'), 'instance-id: hostile\n')
  const iso = join(dir, 'hostile.iso')
  if (!existsSync(iso))
    await runToolOrFail({
      tool: 'genisoimage',
      args: ['-quiet', '-output', iso, '-volid', 'cidata', '-joliet', '-rock', seed],
    })
  await rm(seed, { recursive: true })
  return iso
}

async function identityOf(path: string): Promise<string> {
  const { mode, uid, gid, mtimeMs, size } = await stat(path)
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  return JSON.stringify({ mode, uid, gid, mtimeMs, size, sha256 })
}

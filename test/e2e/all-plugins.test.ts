import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runToolOrFail } from '../../src/host/run-tool.js'
import type { RewriteReport } from '../../src/model/report.js'
import { type Answer, bootAndLook } from './boot.js'
import { demoGuest, TRIXIE_UEFI } from './guests.js'
import { LEFT_OUT, type Look, leftOut, lookAround, plantAllPlugins, TAMPERED } from './plugin-effects.js'
import { program } from './run-program.js'
import { flipOneByte } from './tamper.js'

// One rewrite with every shipped plugin and every option, and one boot of a copy of which one byte was changed from outside.
describe('a real guest, rewritten with all shipped plugins and their options', () => {
  let dir: string
  let report: RewriteReport
  /** What commands in the booted guest printed. */
  let seen: Readonly<Record<Look, Answer>>
  let console: string

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cvm-e2e-all-'))
    const all = await plantAllPlugins(dir)
    const run = await program('rewrite', ['-i', await demoGuest(TRIXIE_UEFI), '--json', '-t', '20'], {
      cwd: dir,
      env: all.env,
    })
    expect(run.code, run.stderr + run.stdout).toBe(0)
    report = JSON.parse(run.stdout) as RewriteReport

    const [output, changed] = [join(dir, 'output.qcow2'), join(dir, 'changed.qcow2')]
    await runToolOrFail({
      tool: 'qemu-img',
      args: ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', output, changed],
    })
    await flipOneByte(output, changed, TAMPERED, 1000, dir)
    await using booted = await bootAndLook(changed, dir, {
      uefi: true,
      visit: async (guest) => {
        seen = await lookAround(guest, all)
      },
    })
    console = booted.console
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  it('ran every plugin and passed every check', () => {
    expect(leftOut(report)).toEqual(LEFT_OUT)
    expect(report.plugins.length).toBeGreaterThan(15)
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([])
    expect(report.guest?.failedUnits).toEqual([])
    expect(report.guest?.cloudInit?.errors).toEqual([])
  })

  it('01-resize-image: has the root file system that fills the larger disk', () => {
    expect(Number(seen['root size'].text)).toBeGreaterThan(5000)
  })

  it('02-motd-welcome, 09-vsock-port, 97-sample: has their files', () => {
    expect(seen['motd'].text).toContain('confidential-VM guest')
    expect(seen['vsock'].text).toBe('port=4051\n')
    expect(seen['sample'].text).toContain('hello')
  })

  it('03-netplan: comes up with an address from DHCP', () => {
    expect(seen['address'].text).toMatch(/inet 10\.0\.2\.\d+/)
    expect(seen['netplan'].text).toContain('dhcp-identifier: mac')
  })

  it('04-user-authkey: lets both keys in, with sudo and without a password', () => {
    expect(seen['first key']).toEqual({ code: 0, text: 'cvm\n' })
    expect(seen['second key']).toEqual({ code: 0, text: 'cvm\n' })
    expect(seen['sudo']).toEqual({ code: 0, text: 'root\n' })
    expect(seen['password'].text).toMatch(/^cvm L /)
  })

  it('05-readonly-data: keeps root from changing the file', () => {
    expect(seen['read-only'].code).not.toBe(0)
    expect(seen['read-only'].text).toContain('Operation not permitted')
  })

  it('06-install-tdx-guest-kernel: runs the installed kernel, although the guest has a higher one, and keeps no package', () => {
    expect(seen['kernel'].text).toMatch(/^6\.1\..*-cloud-amd64\n$/)
    expect(report.guest?.inventory?.kernels).toHaveLength(2)
    expect(seen['debs']).toEqual({ code: 0, text: '' })
  })

  it('07-device-permission, 08-attestation-permissions: has the group with its member, the rule and the socket directory', () => {
    expect(seen['group'].text).toMatch(/^attest:x:\d+:cvm\n$/)
    expect(seen['rule'].text).toContain('KERNEL=="tdx_guest", GROUP="attest", MODE="0660"')
    expect(seen['sockets'].text).toBe('drwxrwx--- root attest\n')
  })

  it('10-kernel-cmdline: has the arguments in the running kernel, and not the one that was to go', () => {
    const words = seen['cmdline'].text.trim().split(' ') ?? []
    expect(words).toEqual(expect.arrayContaining(['cvm.e2e=1', 'loglevel=5', 'console=ttyS0', 'ima_appraise=enforce']))
    expect(words).not.toContain('console=tty1')
  })

  it('60-initrd-update: had the file in its hand while it was still in the initramfs', () => {
    expect(seen['initrd'].text).toBe('seen in early boot\n')
  })

  it('98-ima-enable-simple: has loaded the policy, and measures what runs', () => {
    expect(seen['policy'].text).toContain('appraise func=BPRM_CHECK')
    const [before = 0, after = 0] = seen['measured'].text.trim().split('\n').map(Number) ?? []
    expect(before).toBeGreaterThan(10)
    expect(after).toBeGreaterThan(before)
  })

  it('98-ima-enable-simple: refuses the program of which one byte was changed, and still boots to a login', () => {
    expect(seen['changed program'].code).toBe(126)
    expect(seen['changed program'].text).toContain('Permission denied')
    expect(seen['sound program'].code).toBe(0)
    expect(console).toContain('login:')
  })

  it('keeps nothing of the build boot without address randomisation', () => {
    expect(seen['sysctl'].text).toBe('2\n')
  })
})

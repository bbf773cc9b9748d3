import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aBench, aGoodGuest, type Bench, base64, fingerprint, WITHOUT_MAKE_MIME } from './rewrite-bench.js'

describe('a good run', () => {
  it.concurrent('publishes the image and its report, and leaves nothing else behind', async () => {
    await using bench = await aBench()
    const before = { input: fingerprint(bench.at('guest.qcow2')), plugins: fingerprint(bench.plugins) }

    const { code, stdout, stderr } = await bench.run([])

    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('guest is done') })
    expect(bench.listing()).toEqual({ dir: ['guest.qcow2', 'output.qcow2', 'output.report.json'], tmp: [] })
    expect({ input: fingerprint(bench.at('guest.qcow2')), plugins: fingerprint(bench.plugins) }).toEqual(before)
    expect(bench.processes()).toEqual([])
    expect(stdout).toMatch(/^rewritten\n/)
    expect(stdout).toContain('next: cvm-qemu-test -i ')
    expect(stdout + stderr).not.toContain('\u001b')
    const info = JSON.parse(execFileSync('qemu-img', ['info', '--output=json', bench.at('output.qcow2')]).toString())
    expect(info).toMatchObject({ format: 'qcow2', 'virtual-size': 4 * 2 ** 20 })
    expect(info['backing-filename']).toBeUndefined()
  })

  it.concurrent('tells in the report what was done to what', async () => {
    await using bench = await aBench()

    const { code, stdout } = await bench.run(['--json'], { CVM_TOKEN: 'geheim', CVM_COLOUR: 'blue' })

    expect(code).toBe(0)
    const report = JSON.parse(readFileSync(bench.at('output.report.json'), 'utf8'))
    expect(JSON.parse(stdout)).toEqual(report)
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(report).toMatchObject({
      schema: 'cvm-rewrite-report/1',
      outcome: 'success',
      input: { path: bench.at('guest.qcow2'), sha256: sha256(bench.at('guest.qcow2')) },
      output: {
        path: bench.at('output.qcow2'),
        sha256: sha256(bench.at('output.qcow2')),
        sizeBytes: statSync(bench.at('output.qcow2')).size,
        virtualSizeBytes: 4 * 2 ** 20,
      },
      plugins: [
        { name: '10-hello', stage: 'pre-stage', state: 'ran' },
        { name: '10-seal', stage: 'post-stage', state: 'ran' },
      ],
      machine: { accel: 'tcg', firmware: { kind: 'bios' } },
      guest: { sealed: { left: [], cloudInit: 'closed' }, malformedReportLines: 0 },
    })
    expect(report.guest.parts.map((part: { part: string }) => part.part)).toEqual([
      '100-10-hello-guest_run.sh',
      'boot-files',
      'post-100-10-seal-guest_run.sh',
    ])
    expect(report.checks.every((check: { ok: boolean }) => check.ok)).toBe(true)
    expect(JSON.stringify(report)).not.toContain('geheim')
    expect(report.variables).toMatchObject({ CVM_COLOUR: 'blue' })
  })

  it.concurrent('starts a guest that an earlier rewrite has sealed twice, each time in a new machine', async () => {
    await using bench = await aBench()
    await bench.guest(
      [{ console: 'Sealed by cvm-image-rewriter: cloud-init is closed.\r\ndebian login: ' }, { hang: true }],
      1,
    )

    const { code, stderr } = await bench.run([])

    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('the guest starts once more') })
    expect(bench.boots()).toHaveLength(2)
    expect(bench.calls('virsh')).toMatch(/ destroy --domain cvm-rewrite-[0-9a-f]{8} --graceful\n/)
    expect(bench.listing()).toEqual({ dir: ['guest.qcow2', 'output.qcow2', 'output.report.json'], tmp: [] })
    expect(bench.processes()).toEqual([])
  })

  it.concurrent('gives the guest the files, the scripts and the variables of the plugins, owned by root', async () => {
    await using bench = await aBench()
    const variables = { GUEST_X: 'a b', CVM_Y: "it's $HOME `x`", IMA_Z: '\\', SEAL_W: '"' }

    const { code } = await bench.run([], variables)

    expect(code).toBe(0)
    const [domain] = domains(bench)
    const runEnv = bench.calls(`${domain}.cvm.run.env`)
    expect(runEnv).toContain("export GUEST_X='a b'\n")
    expect(runEnv).toContain("export CVM_Y='it'\\''s $HOME `x`'\n")
    expect(runEnv).toContain("export IMA_Z='\\'\nexport SEAL_W='\"'\n")
    const tar = execFileSync('tar', ['-tvf', join(bench.bin, 'calls', `${domain}.payload.tar`), '--numeric-owner'])
    expect(tar.toString()).toMatch(/^-rw-r--r-- 0\/0 +6 \S+ \S+ etc\/hello$/m)
    expect(tar.toString()).not.toMatch(/ \.\/?$/m)
    expect(bench.calls(`${domain}.user-data`)).toContain('filename="100-10-hello-guest_run.sh"')
    expect(bench.calls(`${domain}.user-data`)).toContain(base64('#!/bin/sh\necho hello\n'))
  })

  it.concurrent('puts packages that a plugin.yaml names onto the seed, behind links too, and leaves them as they are', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/10-hello/plugin.yaml', 'rootfs: {debs: debs, packages: [jq]}\n')
    await bench.plugin('pre-stage/10-hello/kernel', '!<arch>\nkernel')
    await mkdir(join(bench.plugins, 'pre-stage/10-hello/debs'))
    await symlink('../kernel', join(bench.plugins, 'pre-stage/10-hello/debs/x.deb'))

    const { code } = await bench.run([])

    const [domain] = domains(bench)
    expect(code).toBe(0)
    expect(bench.calls(`${domain}.debs.0.deb`)).toBe('!<arch>\nkernel')
    expect(bench.calls(`${domain}.cvm.rootfs-wishes`)).toBe('package\tjq\t10-hello\ndeb\t0.deb\tkernel\t10-hello\n')
    expect(bench.calls(`${domain}.user-data`)).toContain('plugin-yaml.config')
    expect(readFileSync(join(bench.plugins, 'pre-stage/10-hello/kernel'), 'latin1')).toBe('!<arch>\nkernel')
  })

  it.concurrent('bundles with make-mime of the real cloud-init when that works, with the same names', async () => {
    await using bench = await aBench()
    await rm(join(bench.bin, 'cloud-init'))

    const { code, stderr } = await bench.run([])

    expect(code).toBe(0)
    expect(stderr).not.toContain('make-mime failed')
    const bundle = bench.calls(`${domains(bench)[0]}.user-data`)
    expect([...bundle.matchAll(/filename="(.*)"/g)].map(([, name]) => name)).toEqual([
      'boothook.sh',
      'user-data.basic',
      '000-run-parts',
      '100-10-hello-guest_run.sh',
      'post-100-10-seal-guest_run.sh',
    ])
  })

  it.concurrent('replaces an output only with --force, and then as a whole', async () => {
    await using bench = await aBench()
    expect((await bench.run([])).code).toBe(0)

    const refused = await bench.run([])
    const forced = await bench.run(['--force', '-q'])

    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(/^error\[OUTPUT_EXISTS\]/)
    expect(forced).toEqual({ code: 0, stdout: `${bench.at('output.qcow2')}\n`, stderr: WITHOUT_MAKE_MIME })
    expect(bench.boots()).toHaveLength(2)
  })

  it.concurrent('makes two outputs from one input at the same time', async () => {
    await using bench = await aBench()

    const runs = await Promise.all([bench.run(['-o', 'one.qcow2']), bench.run(['-o', 'two.qcow2'])])

    expect(runs.map(({ code }) => code)).toEqual([0, 0])
    expect(new Set(domains(bench)).size).toBe(2)
    expect(bench.listing().dir).toEqual(['guest.qcow2', 'one.qcow2', 'one.report.json', 'two.qcow2', 'two.report.json'])
  })

  it.concurrent('runs where the account of QEMU cannot go, and cleans up there too', async () => {
    await using bench = await aBench()
    execFileSync('chmod', ['700', bench.dir])

    const { code } = await bench.run([])

    expect(code).toBe(0)
    const work = /path=([^,]*work\.qcow2)/.exec(bench.boots()[0]?.args.join('\n') ?? '')?.[1]
    expect(work).toBeDefined()
    expect(existsSync(join(work ?? '/', '..'))).toBe(false)
    expect(bench.listing()).toEqual({ dir: ['guest.qcow2', 'output.qcow2', 'output.report.json'], tmp: [] })
  })

  it.concurrent('only tells of cloud-init warnings, and fails on them with --strict', async () => {
    await using bench = await aBench()
    await bench.guest(aGoodGuest({ warnings: '2024 util.py[WARNING]: odd key\n' }))

    const lenient = await bench.run(['-o', 'lenient.qcow2'])
    const strict = await bench.run(['-o', 'strict.qcow2', '--strict'])

    expect(lenient.code).toBe(0)
    expect(strict.code).toBe(7)
    expect(strict.stderr).toMatch(/error\[CLOUD_INIT_DEGRADED\]/)
    expect(strict.stderr).toContain('odd key')
  })

  it.concurrent('does nothing but print the plan with --dry-run', async () => {
    await using bench = await aBench()

    const { code, stdout } = await bench.run(['--dry-run', '-t', '7'])

    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, guestTimeMin: 7, guestTimeWhy: 'given with -t' })
    expect(JSON.parse(stdout).nonce).not.toMatch(/^[0-9a-f]{32}$/)
    expect(bench.boots()).toEqual([])
    expect(bench.listing()).toEqual({ dir: ['guest.qcow2'], tmp: [] })
  })

  it.concurrent('does not mind that nobody reads its output', async () => {
    await using bench = await aBench()
    const { child, outcome } = bench.start([])
    child.stdout?.destroy()
    child.stderr?.destroy()

    expect((await outcome).code).toBe(0)
    expect(existsSync(bench.at('output.qcow2'))).toBe(true)
  })
})

function domains(bench: Bench): readonly string[] {
  return bench.boots().map(({ args }) => args[args.indexOf('--name') + 1] ?? '')
}

function sha256(path: string): string {
  return execFileSync('sha256sum', [path]).toString().slice(0, 64)
}

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RewriteReport } from '../../src/model/report.js'
import { type Booted, bootAndLook } from './boot.js'
import { demoGuest, TRIXIE_UEFI } from './guests.js'
import { program } from './run-program.js'

/** Runs a program that the image has, then a copy of it that came later and has no label: root's, and somebody else's. */
const PROBE = `#!/bin/sh
exec >/var/lib/ima-probe/said 2>&1
/usr/bin/true; echo "labelled: $?"
cp /usr/bin/true /var/lib/ima-probe/of-root
/var/lib/ima-probe/of-root; echo "later: $?"
cp /usr/bin/true /var/lib/ima-probe/of-nobody
chown nobody /var/lib/ima-probe/of-nobody
/var/lib/ima-probe/of-nobody; echo "later, of nobody: $?"
echo "measured: $(grep -c ' /usr/' /sys/kernel/security/ima/ascii_runtime_measurements)"
`
const UNIT = `[Unit]
Description=Probe of IMA
Before=ssh.service
[Service]
Type=oneshot
StateDirectory=ima-probe
ExecStart=/usr/local/sbin/ima-probe
[Install]
WantedBy=multi-user.target
`

// In test:e2e:all only: all-plugins.test.ts boots an enforcing guest too.
describe.runIf(process.env['CVM_E2E_ALL'] !== undefined)('a real guest, rewritten with IMA_APPRAISE=enforce', () => {
  let dir: string
  let report: RewriteReport
  let booted: Booted

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cvm-e2e-ima-'))
    const guest = await demoGuest(TRIXIE_UEFI)
    await program('rewrite', ['init', dir], { cwd: dir })
    const files = join(dir, 'pre-stage', '20-probe', 'files')
    const units = join(files, 'etc/systemd/system')
    await mkdir(join(units, 'multi-user.target.wants'), { recursive: true })
    await mkdir(join(files, 'usr/local/sbin'), { recursive: true })
    await writeFile(join(files, 'usr/local/sbin/ima-probe'), PROBE, { mode: 0o755 })
    await writeFile(join(units, 'ima-probe.service'), UNIT)
    await symlink('../ima-probe.service', join(units, 'multi-user.target.wants/ima-probe.service'))
    await writeFile(join(dir, 'pre-stage', '20-probe', 'README.md'), '# 20-probe\n\nTries programs at every start.\n')
    const run = await program('rewrite', ['-i', guest, '--json', '-t', '15'], {
      cwd: dir,
      env: { IMA_APPRAISE: 'enforce' },
    })
    expect(run.code, run.stderr + run.stdout).toBe(0)
    report = JSON.parse(run.stdout) as RewriteReport
    booted = await bootAndLook(join(dir, 'output.qcow2'), dir, { uefi: true })
  })
  afterAll(async () => {
    await booted?.[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })

  it('has a label on every file that the policy appraises, found within seconds', () => {
    const part = report.guest?.parts.find(({ part: name }) => name === 'ima-label')

    expect(part?.tail).toMatch(/every file that the policy appraises has a label \(\d{4,} files looked at\)/)
    expect(Number(/looked at in (\S+) s/.exec(part?.tail ?? '')?.[1])).toBeLessThan(10)
  })

  it('D51: starts, with what is written at the first boot, and sshd answers', () => {
    expect(booted.hostKeys.length).toBeGreaterThan(0)
  })

  it('D44, D52: enforces the policy that systemd has loaded', async () => {
    expect(await booted.readFile('/etc/ima/ima-policy')).toContain('appraise func=BPRM_CHECK fowner=0')
    const said = await booted.readFile('/var/lib/ima-probe/said')

    expect(said).toContain('labelled: 0\n')
    expect(said).toMatch(/of-root: Permission denied\nlater: 126\n/)
  })

  it('D50: does not lock out files of other users', async () => {
    expect(await booted.readFile('/var/lib/ima-probe/said')).toContain('later, of nobody: 0\n')
  })

  it('measures what runs', async () => {
    const measured = /measured: (\d+)/.exec((await booted.readFile('/var/lib/ima-probe/said')) ?? '')?.[1]

    expect(Number(measured)).toBeGreaterThan(10)
  })

  it('keeps nothing of the labelling', async () => {
    expect(await booted.readFile('/usr/share/cvm-image-rewriter/ima-label.py')).toBeUndefined()
    expect(await booted.readFile('/var/lib/cvm-image-rewriter/ima-label.py')).toBeUndefined()
  })
})

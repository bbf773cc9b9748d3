import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RewriteReport } from '../../src/model/report.js'
import { plantDocument } from '../fixtures/docs-plugins.js'
import { type Booted, bootAndLook } from './boot.js'
import { demoGuest, TRIXIE_UEFI } from './guests.js'
import { program } from './run-program.js'

describe('the three plugins of docs/plugins.md, in a real guest', () => {
  let dir: string
  let report: RewriteReport
  let booted: Booted

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cvm-e2e-docs-'))
    await plantDocument(dir)
    const run = await program('rewrite', ['-i', await demoGuest(TRIXIE_UEFI), '--json', '-t', '15'], {
      cwd: dir,
      env: { GREETER_NAME: 'anna' },
    })
    expect(run.code, run.stderr + run.stdout).toBe(0)
    report = JSON.parse(run.stdout) as RewriteReport
    booted = await bootAndLook(join(dir, 'output.qcow2'), dir, { uefi: true })
  })
  afterAll(async () => {
    await booted?.[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })

  it('all run, and the image passes every check', () => {
    const own = report.plugins.filter(({ stage }) => stage === 'pre-stage')

    expect(own.map(({ name, state }) => `${name} ${state}`)).toEqual([
      '20-hello ran',
      '30-loud-boot ran',
      '40-greeter ran',
    ])
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([])
    expect(report.guest?.failedUnits).toEqual([])
  })

  it('tell what they have done', () => {
    expect(report.plugins.find(({ name }) => name === '40-greeter')?.notes).toEqual([
      expect.stringMatching(/^user greeter has the number \d+$/),
    ])
  })

  it('put the file of the first one into the guest', async () => {
    expect(await booted.readFile('/etc/hello/hello.conf')).toBe('colour=green\n')
  })

  it('change the kernel command line of every entry, and of the kernel that has started', async () => {
    const lines = (await booted.readFile('/boot/grub/grub.cfg'))?.match(/^\s+linux\s.*$/gm) ?? []

    expect(lines.length).toBeGreaterThan(1)
    for (const line of lines) expect(line).toMatch(/ loglevel=7(?: |$)/)
    for (const line of lines) expect(line).not.toMatch(/ quiet(?: |$)/)
    expect(booted.console).toMatch(/Command line: .* loglevel=7(?: |\r)/)
  })

  it('make the service run at the start, with the value of the option', async () => {
    expect(await booted.readFile('/var/lib/greeter/greeting')).toBe('hello anna\n')
  })
})

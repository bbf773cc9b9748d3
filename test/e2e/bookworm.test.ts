import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RewriteReport } from '../../src/model/report.js'
import { BOOKWORM_BIOS, demoGuest } from './guests.js'
import { program } from './run-program.js'

describe('a Debian 12 guest that a BIOS starts', () => {
  let dir: string

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cvm-e2e-bios-'))
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  it('is rewritten with all plugins and comes up', async () => {
    const run = await program('rewrite', ['-i', await demoGuest(BOOKWORM_BIOS), '--json', '-t', '15'], {
      cwd: dir,
      env: { GUEST_SIZE: '5G' },
    })

    expect(run.code, run.stderr + run.stdout).toBe(0)
    const report = JSON.parse(run.stdout) as RewriteReport
    expect(report.machine.firmware.kind).toBe('bios')
    expect(report.guest?.inventory?.os).toContain('Debian GNU/Linux 12')

    const test = await program('qemu-test', ['-i', 'output.qcow2', '-t', '10'], { cwd: dir })
    expect(test.code, test.stderr + test.stdout).toBe(0)
  })
})

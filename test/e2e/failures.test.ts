import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { demoGuest, NO_CLOUD_INIT, TRIXIE_UEFI } from './guests.js'
import { program } from './run-program.js'

describe('a real guest that cannot be rewritten', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cvm-e2e-fail-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  it('fails with plugin, script, exit code and last lines when a script fails, and keeps the logs', async () => {
    await plugin(dir, '30-breaks', {
      'cloud-init/x-shellscript/30-breaks.sh': '#!/bin/sh\necho some words\necho the last words >&2\nexit 42\n',
    })
    await plugin(dir, '40-never', { 'guest_run.sh': '#!/bin/sh\necho never >/dev/ttyS0\n' })

    const run = await program('rewrite', ['-i', await demoGuest(TRIXIE_UEFI), '-t', '15'], { cwd: dir })

    expect(run.code, run.stderr).toBe(7)
    expect(run.stderr).toMatch(
      /error\[GUEST_SCRIPT_FAILED\] 30-breaks: cloud-init\/x-shellscript\/30-breaks\.sh exited 42 after \d/,
    )
    expect(run.stderr).toContain('why:  the last words')
    expect(existsSync(join(dir, 'output.qcow2'))).toBe(false)
    const [failed = ''] = (await readdir(dir)).filter((name) => name.startsWith('output.failed-'))
    expect((await stat(join(dir, failed))).mode & 0o777).toBe(0o700)
    expect((await readdir(join(dir, failed))).sort()).toEqual(expect.arrayContaining(['console.log', 'report.json']))
    expect(await readFile(join(dir, failed, 'console.log'), 'latin1')).not.toContain('never')
  })

  it.runIf(process.env['CVM_E2E_ALL'] !== undefined)('finds a runcmd line that fails in the middle', async () => {
    const config =
      "#cloud-config\nmerge_how:\n  - {name: list, settings: [append]}\n  - {name: dict, settings: [no_replace, recurse_list]}\nruncmd:\n  - echo first\n  - ['false']\n  - echo last\n"
    await plugin(dir, '30-runcmd', { 'cloud-init/cloud-config/30-runcmd.yaml': config })

    const run = await program('rewrite', ['-i', await demoGuest(TRIXIE_UEFI), '-t', '15'], { cwd: dir })

    expect(run.code, run.stderr).toBe(7)
    expect(run.stderr).toMatch(
      /error\[GUEST_RUNCMD_FAILED\] 30-runcmd: a runcmd line of cloud-init\/cloud-config\/30-runcmd\.yaml exited 1/,
    )
  })

  it('says that cloud-init never started in a guest without it, long before the time is over', async () => {
    const run = await program('rewrite', ['-i', await demoGuest(NO_CLOUD_INIT), '-t', '20'], { cwd: dir })

    expect(run.code, run.stderr).toBe(7)
    expect(run.stderr).toContain('error[CLOUD_INIT_NOT_STARTED]')
    expect(run.seconds).toBeLessThan(10 * 60)
  })
})

async function plugin(dir: string, name: string, files: Readonly<Record<string, string>>): Promise<void> {
  const base = join(dir, 'pre-stage', name)
  await mkdir(base, { recursive: true })
  await writeFile(join(base, 'README.md'), `# ${name}\n\nA plugin of a test.\n`)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(base, path, '..'), { recursive: true })
    await writeFile(join(base, path), text)
  }
}

import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runTool } from '../../../src/host/run-tool.js'

const SCRIPT = new URL('../../../cloud-init/guest/boot-files.sh', import.meta.url).pathname
let dir: string
let script: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-boot-files-'))
  for (const name of ['bin', 'log', 'beside']) await mkdir(join(dir, name))
  // The real script; only its directory and one that grub is made from are others than in a guest.
  const text = await readFile(SCRIPT, 'utf8')
  script = await program('boot-files.sh', text.replace(/^dir=.*$/m, `dir=${dir}`).replace('/etc/grub.d', dir))
  await writeFile(join(dir, 'stamp'), '')
  await utimes(join(dir, 'stamp'), 0, 0)
  await writeFile(join(dir, 'rebuild-initrds'), '')
})
afterEach(async () => await rm(dir, { recursive: true, force: true }))

describe.skipIf(cpus().length < 2)('boot-files.sh on more than one processor', () => {
  it('fails with the exit code of the boot loader when the initrds were good', async () => {
    await program('bin/update-initramfs', '#!/bin/sh\nexit 0\n')
    await program('bin/update-grub', '#!/bin/sh\nsleep 0.3\nexit 3\n')

    expect((await run()).exitCode).toBe(3)
  })

  it('fails with the exit code of the initrds', async () => {
    await program('bin/update-initramfs', '#!/bin/sh\nexit 4\n')
    await program('bin/update-grub', '#!/bin/sh\nexit 0\n')

    expect((await run()).exitCode).toBe(4)
  })

  it('runs what was given to cvm-beside on another processor than the rebuild, and ends it with the rebuild', async () => {
    const mask = (file: string) => `grep Cpus_allowed_list /proc/self/status >${dir}/${file}\n`
    await program(
      'bin/update-initramfs',
      `#!/bin/sh\n${mask('rebuild')}while [ ! -e ${dir}/begun ]; do sleep 0.05; done\n`,
    )
    await program('bin/update-grub', '#!/bin/sh\nexit 0\n')
    await program('job', `#!/bin/sh\n${mask('job-mask')}: >${dir}/begun\nsleep 60\n: >${dir}/ended-by-itself\n`)
    await symlink(join(dir, 'job'), join(dir, 'beside', 'x-job'))

    const { exitCode, seconds } = await run()

    expect(exitCode).toBe(0)
    expect(seconds).toBeLessThan(30)
    expect(existsSync(join(dir, 'ended-by-itself'))).toBe(false)
    expect(await readFile(join(dir, 'job-mask'), 'utf8')).toMatch(/:\s0\n$/)
    expect(await readFile(join(dir, 'rebuild'), 'utf8')).not.toMatch(/:\s0[,-]|:\s0\n/)
  })
})

async function run() {
  const env = { PATH: `${join(dir, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin` }
  return await runTool({ tool: script, args: [], env }, { timeoutMs: 45_000 })
}

async function program(name: string, text: string): Promise<string> {
  const path = join(dir, name)
  await writeFile(path, text)
  await chmod(path, 0o755)
  return path
}

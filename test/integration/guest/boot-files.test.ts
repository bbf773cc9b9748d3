import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findTool } from '../../../src/host/find-tool.js'
import { runTool } from '../../../src/host/run-tool.js'

const SCRIPT = new URL('../../../cloud-init/guest/boot-files.sh', import.meta.url).pathname
let dir: string
let script: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-boot-files-'))
  for (const name of ['bin', 'log', 'beside']) await mkdir(join(dir, name))
  // The real script; only the places of what it reads are others than in a guest.
  const text = await readFile(SCRIPT, 'utf8')
  script = await program(
    'boot-files.sh',
    text
      .replace(/^dir=.*$/m, `dir=${dir}`)
      .replace('/etc/grub.d', dir)
      .replaceAll('/boot/', `${dir}/boot/`)
      .replace(/^lib=.*\n.*$/m, `lib=${dir}/lib`),
  )
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

describe.each([
  ['one processor', 1],
  ['several processors', 2],
])('boot-files.sh in a guest with %s', (_, processors) => {
  beforeEach(async () => {
    await program('bin/nproc', `#!/bin/sh\necho ${processors}\n`)
    await program('bin/taskset', '#!/bin/sh\nshift 2\nexec "$@"\n')
    await program('bin/update-grub', `#!/bin/sh\necho "grub sees $(cd ${dir}/boot && ls initrd*)" >>${dir}/grub\n`)
    await program(
      'bin/update-initramfs',
      `#!/bin/sh\necho "$*" >>${dir}/calls\n[ "$1" != -c ] || : >"${dir}/boot/initrd.img-$3"\n`,
    )
    for (const version of ['6.1.9', '6.12.1']) await aKernel(version)
    await writeFile(join(dir, 'boot/initrd.img-6.1.9'), '')
  })

  it('rebuilds all initrds when every kernel has one', async () => {
    await writeFile(join(dir, 'boot/initrd.img-6.12.1'), '')

    expect((await run()).exitCode).toBe(0)
    expect(await readFile(join(dir, 'calls'), 'utf8')).toBe('-u -k all\n')
  })

  it('makes one for a kernel that has none, before the boot loader looks for it, and makes none twice', async () => {
    // Others that get none: a copy and a rescue kernel, without modules.
    for (const version of ['6.12.1.old', '0-rescue-12']) await writeFile(join(dir, `boot/vmlinuz-${version}`), '')

    expect((await run()).exitCode).toBe(0)
    expect(await readFile(join(dir, 'calls'), 'utf8')).toBe('-c -k 6.12.1\n-u -k 6.1.9\n')
    expect(await readFile(join(dir, 'grub'), 'utf8')).toBe('grub sees initrd.img-6.1.9\ninitrd.img-6.12.1\n')
  })

  it('fails when the initrd of a new kernel cannot be made', async () => {
    await program('bin/update-initramfs', '#!/bin/sh\n[ "$1" != -c ] || exit 6\n')

    expect((await run()).exitCode).toBe(6)
    expect(existsSync(join(dir, 'grub'))).toBe(false)
  })

  it('fails when the initrd of another kernel cannot be made beside a new one', async () => {
    await program('bin/update-initramfs', '#!/bin/sh\n[ "$1" != -u ] || exit 5\n')

    expect((await run()).exitCode).toBe(5)
  })

  it('takes the name that dracut gives an initrd for one', async () => {
    await writeFile(join(dir, 'boot/initramfs-6.12.1.img'), '')

    expect((await run()).exitCode).toBe(0)
    expect(await readFile(join(dir, 'calls'), 'utf8')).toBe('-u -k all\n')
  })
})

describe('boot-files.sh in a guest with dracut', () => {
  beforeEach(async () => {
    await program('bin/nproc', '#!/bin/sh\necho 1\n')
    await program('bin/update-grub', '#!/bin/sh\nexit 0\n')
    await program(
      'bin/dracut',
      `#!/bin/sh\necho "$*" >>${dir}/calls\n[ "$2" != --kver ] || : >"${dir}/boot/initrd.img-$3"\n`,
    )
    for (const version of ['6.1.9', '6.12.1']) await aKernel(version)
    await writeFile(join(dir, 'boot/initrd.img-6.1.9'), '')
    // Nothing else is in PATH: this machine may have an update-initramfs of its own.
    for (const name of ['find', 'tr']) await symlink((await findTool(name)) ?? name, join(dir, 'bin', name))
  })

  it('makes the initrd of a new kernel first, and none twice', async () => {
    expect((await run(join(dir, 'bin'))).exitCode).toBe(0)
    expect(await readFile(join(dir, 'calls'), 'utf8')).toBe('--force --kver 6.12.1\n--force --kver 6.1.9\n')
  })

  it('makes all anew when every kernel has one', async () => {
    await writeFile(join(dir, 'boot/initrd.img-6.12.1'), '')

    expect((await run(join(dir, 'bin'))).exitCode).toBe(0)
    expect(await readFile(join(dir, 'calls'), 'utf8')).toBe('--regenerate-all --force\n')
  })
})

async function aKernel(version: string): Promise<void> {
  await mkdir(join(dir, 'lib/modules', version), { recursive: true })
  await mkdir(join(dir, 'boot'), { recursive: true })
  await writeFile(join(dir, `boot/vmlinuz-${version}`), '')
}

async function run(path = `${join(dir, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`) {
  const env = { PATH: path }
  return await runTool({ tool: script, args: [], env }, { timeoutMs: 45_000 })
}

async function program(name: string, text: string): Promise<string> {
  const path = join(dir, name)
  await writeFile(path, text)
  await chmod(path, 0o755)
  return path
}

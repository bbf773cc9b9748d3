import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runTool } from '../../../src/host/run-tool.js'

const SCRIPT = new URL('../../../cloud-init/guest/rebuild-later.sh', import.meta.url)
let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-later-'))
  for (const name of ['bin', 'standins']) await mkdir(join(dir, name))
  await writeFile(join(dir, 'rebuild-later.sh'), await readFile(SCRIPT))
  await chmod(join(dir, 'rebuild-later.sh'), 0o755)
  for (const name of ['update-initramfs', 'update-grub', 'dracut']) {
    await symlink('../rebuild-later.sh', join(dir, 'standins', name))
    await writeFile(join(dir, 'bin', name), '#!/bin/sh\necho "real $*"\n', { mode: 0o755 })
  }
})
afterEach(async () => await rm(dir, { recursive: true, force: true }))

async function call(tool: string, ...args: readonly string[]) {
  const env = { PATH: `${join(dir, 'standins')}:${join(dir, 'bin')}:/usr/bin:/bin` }
  const { stdout } = await runTool(
    { tool: '/bin/sh', args: ['-c', '"$@"', 'sh', tool, ...args], env },
    { timeoutMs: 20_000 },
  )
  return stdout
}

describe('rebuild-later.sh', () => {
  it.each([
    ['update-initramfs', ['-c', '-k', '6.1'], 'rebuild-initrds'],
    ['dracut', ['--force', '/boot/initrd.img-6.1', '6.1'], 'rebuild-initrds'],
    ['update-grub', [], 'rebuild-grub'],
  ])('does not run %s, and leaves word that something is to be rebuilt', async (tool, args, word) => {
    expect(await call(tool, ...args)).toBe(`${tool}: not now, but at the end of the run\n`)
    expect(await readdir(dir)).toContain(word)
  })

  it.each([
    // /etc/kernel/postinst.d/initramfs-tools asks it, and does nothing for a program that answers otherwise.
    ['update-initramfs', ['--version']],
    ['update-initramfs', ['-d', '-k', '6.1']],
    ['dracut', ['--list-modules']],
  ])('lets the real %s answer, or remove the initrd of a kernel that goes', async (tool, args) => {
    expect(await call(tool, ...args)).toBe(`real ${args.join(' ')}\n`)
    expect((await readdir(dir)).filter((name) => name.startsWith('rebuild-'))).toEqual(['rebuild-later.sh'])
  })
})

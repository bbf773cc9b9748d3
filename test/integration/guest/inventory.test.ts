import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readListing } from '../../../src/guest/read-listing.js'
import { runTool } from '../../../src/host/run-tool.js'
import type { GuestListing, ListingWish } from '../../../src/model/guest-listing.js'

const SCRIPT = new URL('../../../cloud-init/guest/inventory.sh', import.meta.url).pathname
let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cvm-inventory-'))
  await plant('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nhello:x:988:988::/home/hello:/bin/false\n')
  await plant('etc/group', 'root:x:0:\nsudo:x:27:hello,root\n')
  await plant('etc/old.conf', 'old\n')
  await plant('boot/grub/grub.cfg', 'menuentry x {\n\tlinux\t/boot/vmlinuz-6 root=/dev/vda1 ro quiet\n}\n')
  await plant('boot/initrd.img-6', 'no initrd\n')
  await plant('var/lib/dpkg/info/vim:amd64.list', '/.\n/usr/bin/vi m\n')
  await plant('usr/old', 'old\n')
  await plant('var/lib/cvm-image-rewriter/stamp', '')
})
afterEach(async () => await rm(root, { recursive: true, force: true }))

async function plant(path: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
  await chmod(join(root, path), mode)
}

/** The clock of file times stands still for some milliseconds. */
async function later(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50))
}

async function listing(mode: ListingWish): Promise<GuestListing> {
  const result = await runTool({ tool: 'sh', args: [SCRIPT, mode, root] }, { captureBytes: 2 ** 24, timeoutMs: 30_000 })
  expect(result.exitCode).toBe(0)
  return readListing(gzipSync(result.stdout))
}

describe('inventory.sh', () => {
  it('lists every file with kind, mode and target, whatever its name, and nothing of ours', async () => {
    await plant('opt/a b\nc', 'x\n', 0o4750)
    await plant('opt/=files', '')
    await symlink('a\tb', join(root, 'opt', 'link'))
    await utimes(join(root, 'opt/=files'), 5, 5)

    const { files } = await listing('changed')

    expect(files.get('/opt/a b\nc')).toMatchObject({ kind: 'file', mode: 0o4750, sizeBytes: 2 })
    expect(files.get('/opt/=files')).toMatchObject({ kind: 'file', sizeBytes: 0, modifiedS: 5 })
    expect(files.get('/opt/link')).toMatchObject({ kind: 'link', target: 'a\tb' })
    expect(files.get('/opt')).toMatchObject({ kind: 'directory', mode: 0o755 })
    expect([...files.keys()].filter((path) => path.includes('cvm-image-rewriter'))).toEqual([])
  })

  it('gives the digest of what was touched since the run began, also when its own time says otherwise', async () => {
    await later()
    await plant('opt/new', 'hello\n')
    await utimes(join(root, 'opt/new'), 5, 5)

    const { files } = await listing('changed')

    // printf 'hello\n' | sha256sum
    expect(files.get('/opt/new')?.sha256).toBe('5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03')
    expect(files.get('/etc/old.conf')).toBeDefined()
    expect(files.get('/etc/old.conf')?.sha256).toBeUndefined()
  })

  it('gives digests of /etc and /boot, and all texts, for the run that others are compared with', async () => {
    const { files, texts } = await listing('all')

    expect(files.get('/etc/old.conf')?.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(files.get('/boot/grub/grub.cfg')?.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(files.get('/usr/old')?.sha256).toBeUndefined()
    expect(texts.get('/etc/old.conf')).toBe('old')
  })

  it('gives texts that everybody may read, and none that may be a secret or is no text', async () => {
    await later()
    await plant('etc/public', 'one\n\nthree\n')
    await plant('etc/private', 'geheim\n', 0o640)
    await plant('etc/ssh_key', 'geheim\n')
    await plant('etc/shadow', 'geheim\n')
    await plant('etc/my.password', 'geheim\n')
    await plant('etc/closed/open', 'geheim\n')
    await chmod(join(root, 'etc/closed'), 0o700)
    await plant('etc/binary', 'geheim\0\n')
    await plant('etc/long', 'x'.repeat(16 * 1024 + 1))

    const { texts } = await listing('changed')

    expect(Object.fromEntries(texts)).toEqual({ '/etc/public': 'one\n\nthree' })
  })

  it('lists accounts without passwords, kernel entries, and the files of packages that have come', async () => {
    await later()
    await plant('var/lib/dpkg/info/new.list', '/.\n/usr/bin/new:er\n')

    const { users, groups, kernelEntries, owners } = await listing('changed')

    expect(users).toEqual(
      new Map([
        ['root', { uid: 0, gid: 0, home: '/root', shell: '/bin/sh' }],
        ['hello', { uid: 988, gid: 988, home: '/home/hello', shell: '/bin/false' }],
      ]),
    )
    expect(groups.get('sudo')).toEqual({ gid: 27, members: ['hello', 'root'] })
    expect(kernelEntries).toEqual(['linux\t/boot/vmlinuz-6 root=/dev/vda1 ro quiet'])
    expect(owners).toEqual(
      new Map([
        ['/.', 'new'],
        ['/usr/bin/new:er', 'new'],
      ]),
    )
  })

  it('lists the initrds that were made anew, or all of them for the run that others are compared with', async () => {
    const bin = join(root, 'opt', 'bin')
    await plant('opt/bin/lsinitramfs', '#!/bin/sh\nprintf "bin\\nbin/sh\\n"\n', 0o755)
    const env = { PATH: `${bin}:${process.env['PATH']}` }
    const named = async (mode: ListingWish) => {
      const call = { tool: 'sh', args: [SCRIPT, mode, root], env }
      return readListing(gzipSync((await runTool(call, { captureBytes: 2 ** 24, timeoutMs: 30_000 })).stdout)).initrds
    }
    const both = new Map([['initrd.img-6', new Set(['bin', 'bin/sh'])]])

    expect(await named('changed')).toEqual(new Map())
    expect(await named('all')).toEqual(both)
    await later()
    await plant('boot/initrd.img-6', 'made anew\n')
    expect(await named('changed')).toEqual(both)
  })
})

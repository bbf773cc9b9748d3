import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Janitor } from '../../../src/host/janitor.js'
import { extractKernel } from '../../../src/stages/extract-kernel.js'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'extract-kernel-'))
  await mkdir(join(dir, 'bin/boot/grub'), { recursive: true })
  await mkdir(join(dir, 'scratch'))
  const fake = fileURLToPath(new URL('../../fixtures/guestfish/guestfish', import.meta.url))
  await copyFile(fake, join(dir, 'bin/guestfish'))
  vi.stubEnv('PATH', `${join(dir, 'bin')}:${process.env['PATH']}`)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(dir, { recursive: true })
})

async function guestHas(name: string, content: string): Promise<void> {
  await writeFile(join(dir, 'bin/boot', name), content)
}

function extract() {
  const janitor: Janitor = {
    watchPath() {},
    watchPid() {},
    watchPidfile() {},
    watchTerminal() {},
    done: async () => {},
  }
  return extractKernel({
    image: { path: join(dir, 'image'), format: 'qcow2' },
    accel: 'tcg',
    place: { scratchDir: join(dir, 'scratch'), account: undefined, janitor },
    say: () => {},
    signal: new AbortController().signal,
  })
}

describe('the kernel of an image', () => {
  it('comes out with its initrd and its root', async () => {
    await guestHas('vmlinuz-6.9.1', 'older')
    await guestHas('vmlinuz-6.12.1', 'newer')
    await guestHas('initrd.img-6.12.1', 'its initrd')
    await guestHas('grub/grub.cfg', 'linux /boot/vmlinuz-6.12.1 root=UUID=1234 ro\n')

    const { kernel, initrd, version, root } = await extract()

    expect(await readFile(kernel, 'utf8')).toBe('newer')
    expect(await readFile(initrd ?? '', 'utf8')).toBe('its initrd')
    expect([version, root]).toEqual(['6.12.1', 'UUID=1234'])
  })

  it('is never what a link of the guest points at: that would be a file of ours', async () => {
    await guestHas('vmlinuz-6.1', 'its own')
    await symlink('/etc/passwd', join(dir, 'bin/boot/vmlinuz-9.9'))
    await symlink('/etc/passwd', join(dir, 'bin/boot/initrd.img-6.1'))

    expect(await extract()).toEqual({ kernel: join(dir, 'scratch/boot/vmlinuz-6.1'), version: '6.1' })
  })

  it('has to be given when there is none', async () => {
    await expect(extract()).rejects.toMatchObject({ code: 'GUEST_NOT_BOOTABLE', next: expect.stringContaining('-k') })
  })
})

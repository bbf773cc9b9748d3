import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSignedImage } from '../../../src/firmware/pe/signed-image.js'
import { KERNEL_HOOKS, KERNEL_SIGNER_DIR } from '../../../src/guest/kernel-signer.js'
import { runTool, runToolOrFail } from '../../../src/host/run-tool.js'
import { makeKeys } from '../../../src/stages/make-keys.js'
import { aKernel } from '../../fixtures/boot-programs.js'

const SCRIPT = new URL('../../../cloud-init/guest/sign-kernel.sh', import.meta.url).pathname
const VERSION = '6.1.0+odd~1 name'

let keys: string

beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'cvm-sign-kernel-keys-'))
  await rm(keys, { recursive: true })
  await makeKeys(
    { dir: keys, name: 'Guest', notBefore: new Date('2012-01-01'), days: 30 },
    new AbortController().signal,
  )
}, 60_000)
afterAll(async () => await rm(keys, { recursive: true, force: true }))

describe('the hook for kernels that a guest installs later', () => {
  it('signs the kernel of a package in its place, with its mode, under a certificate that may have expired', async () => {
    await using guest = await aGuest()
    await chmod(guest.kernel, 0o640)

    const { exitCode, stdout, stderr } = await guest.postinst(VERSION, guest.kernel)

    expect(exitCode, stderr).toBe(0)
    expect(stdout).toBe(`cvm-sign-kernel: signed ${guest.kernel}\n`)
    await runToolOrFail({
      tool: 'sbverify',
      args: ['--cert', guest.at(`${KERNEL_SIGNER_DIR}/kernel.pem`), guest.kernel],
    })
    expect((await stat(guest.kernel)).mode & 0o777).toBe(0o640)
    expect(await guest.boot()).toEqual([`vmlinuz-${VERSION}`])
  })

  it('adds its signature to those of others, once', async () => {
    await using guest = await aGuest()
    const other = ['--key', join(keys, 'KEK.key'), '--cert', join(keys, 'KEK.pem')]
    await runToolOrFail({ tool: 'sbsign', args: [...other, '--output', guest.kernel, guest.kernel] })

    const first = await guest.postinst(VERSION, guest.kernel)
    const bytes = await readFile(guest.kernel)
    const second = await guest.postinst(VERSION, guest.kernel)

    expect([first.exitCode, second.exitCode]).toEqual([0, 0])
    expect(readSignedImage(bytes).signatures).toHaveLength(2)
    expect(second.stdout).toBe('')
    expect((await readFile(guest.kernel)).equals(bytes)).toBe(true)
  })

  it('finds the kernel by its version when it gets no path, and signs the file behind a link', async () => {
    await using guest = await aGuest()
    await symlink(`vmlinuz-${VERSION}`, guest.at('boot/vmlinuz'))

    expect((await guest.postinst(VERSION)).stdout).toContain(guest.kernel)
    await copyFile(guest.unsigned, guest.kernel)
    expect((await guest.postinst(VERSION, guest.at('boot/vmlinuz'))).stdout).toBe(
      `cvm-sign-kernel: signed ${guest.kernel}\n`,
    )
    expect(await guest.boot()).toEqual(['vmlinuz', `vmlinuz-${VERSION}`])
  })

  it('signs the kernel that kernel-install adds, and does nothing when it removes one', async () => {
    await using guest = await aGuest()
    const image = guest.at('vmlinuz')
    await copyFile(guest.unsigned, image)

    const removed = await guest.kernelInstall('remove', VERSION, guest.at('entries'))
    const added = await guest.kernelInstall('add', VERSION, guest.at('entries'), image, guest.at('initrd'))

    expect(removed).toMatchObject({ exitCode: 0, stdout: '', stderr: '' })
    expect(added.stdout).toBe(`cvm-sign-kernel: signed ${image}\n`)
    expect(readSignedImage(await readFile(image)).signatures).toHaveLength(1)
  })

  it('takes away what a killed run has left, under a name that no boot loader offers', async () => {
    await using guest = await aGuest()
    await writeFile(guest.at('boot/.vmlinuz-5.10.cvm-sign'), 'half')

    expect((await guest.postinst(VERSION, guest.kernel)).exitCode).toBe(0)
    expect(await guest.boot()).toEqual([`vmlinuz-${VERSION}`])
  })

  it('fails when /boot is full, leaves the kernel as it was and nothing beside it, and says how much room there is', async () => {
    await using guest = await aGuest()

    const { exitCode, stderr } = await guest.postinstWhenFull(VERSION, guest.kernel)

    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/is not signed: sbsign failed\. Is there room left in \S+boot\? \(\d+ KiB\)/)
    expect((await readFile(guest.kernel)).equals(aKernel())).toBe(true)
    expect(await guest.boot()).toEqual([`vmlinuz-${VERSION}`])
  })

  it.each<readonly [string, (guest: Guest) => Promise<unknown>, RegExp]>([
    [
      'sbsign is missing',
      async (guest) => await rm(guest.at('bin/sbsign')),
      /sbsign is missing\. .*apt-get install sbsigntool.*dpkg --configure -a/,
    ],
    [
      'the key is missing',
      async (guest) => await rm(guest.at(`${KERNEL_SIGNER_DIR}/kernel.key`)),
      /kernel\.key is missing\. .*remove \S+00-cvm-sign-kernel/,
    ],
    [
      'the kernel is no program that a firmware starts',
      async (guest) => await writeFile(guest.kernel, 'gzip'),
      /sbsign failed/,
    ],
    ['there is no kernel', async (guest) => await rm(guest.kernel), /there is no kernel ".*vmlinuz-/],
    [
      'the key is not that of the certificate',
      async (guest) => await copyFile(join(keys, 'PK.key'), guest.at(`${KERNEL_SIGNER_DIR}/kernel.key`)),
      /is not signed/,
    ],
  ])('fails when %s', async (_, spoil, words) => {
    await using guest = await aGuest()
    await spoil(guest)

    const { exitCode, stderr } = await guest.postinst(VERSION, guest.kernel)

    expect(exitCode).toBe(1)
    expect(stderr).toMatch(words)
    expect((await guest.boot()).filter((name) => name.startsWith('.'))).toEqual([])
  })
})

type Guest = Awaited<ReturnType<typeof aGuest>>

/** A scratch root with a kernel, the keys, and the script under its two names. */
async function aGuest() {
  const dir = await mkdtemp(join(tmpdir(), 'cvm-sign-kernel-'))
  const at = (path: string) => join(dir, path)
  for (const path of ['boot', 'bin', KERNEL_SIGNER_DIR]) await mkdir(at(path), { recursive: true })
  await copyFile(join(keys, 'db.key'), at(`${KERNEL_SIGNER_DIR}/kernel.key`))
  await copyFile(join(keys, 'db.pem'), at(`${KERNEL_SIGNER_DIR}/kernel.pem`))
  const script = (await readFile(SCRIPT, 'utf8'))
    .replace(`keys=${KERNEL_SIGNER_DIR}\n`, `keys=${at(KERNEL_SIGNER_DIR)}\n`)
    .replace('/boot/vmlinuz-', `${at('boot')}/vmlinuz-`)
  for (const hook of Object.values(KERNEL_HOOKS)) {
    await mkdir(join(at(hook), '..'), { recursive: true })
    await writeFile(at(hook), script, { mode: 0o755 })
  }
  // The programs of this machine, of which a test may take one away.
  for (const name of ['sh', 'sbsign', 'sbverify', 'readlink', 'rm', 'mv', 'chown', 'chmod', 'sync', 'df', 'awk']) {
    const { stdout } = await runToolOrFail({ tool: 'sh', args: ['-c', `command -v ${name}`] })
    await symlink(stdout.trim(), at(`bin/${name}`))
  }
  const kernel = at(`boot/vmlinuz-${VERSION}`)
  const unsigned = at('unsigned')
  for (const path of [kernel, unsigned]) await writeFile(path, aKernel())
  const run = async (args: readonly string[]) =>
    await runTool({ tool: 'sh', args: ['-c', 'PATH=$0; "$@"', at('bin'), ...args] })
  return {
    at,
    kernel,
    unsigned,
    boot: async () => (await readdir(at('boot'))).sort(),
    postinst: async (...args: readonly string[]) => await run([at(KERNEL_HOOKS.postinst), ...args]),
    kernelInstall: async (...args: readonly string[]) => await run([at(KERNEL_HOOKS.install), ...args]),
    // A file can have no byte: a write fails as it does on a full disk, only with another errno.
    postinstWhenFull: async (...args: readonly string[]) =>
      await run(['sh', '-c', 'trap "" XFSZ; ulimit -f 0; exec "$0" "$@"', at(KERNEL_HOOKS.postinst), ...args]),
    [Symbol.asyncDispose]: async () => await rm(dir, { recursive: true }),
  }
}

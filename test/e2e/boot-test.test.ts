import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guestDisk } from '../../src/demo/guest-disk.js'
import { runToolOrFail } from '../../src/host/run-tool.js'
import { demoGuest, TRIXIE_UEFI } from './guests.js'
import { copyPartition } from './partition.js'
import { type ProgramResult, program } from './run-program.js'
import { flipOneByte } from './tamper.js'

let dir: string
let image: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'boot-test-'))
  image = await demoGuest(TRIXIE_UEFI)
})
afterAll(() => rm(dir, { recursive: true, force: true }))

function bootTest(of: string, ...args: readonly string[]): Promise<ProgramResult> {
  return program('qemu-test', ['-i', of, '--timeout', '15', '--json', ...args], { cwd: dir })
}

describe('a boot with Secure Boot and a TPM', () => {
  let result: ProgramResult
  beforeAll(async () => {
    const wanted = ['--secure-boot', '--tpm', '--save-log', 'logs', '--expect', 'secure-boot=on']
    result = await bootTest(image, ...wanted, '--expect', 'tpm=present')
  })

  it('comes up, and the guest itself says that both are there', () => {
    expect(result.code, result.stderr).toBe(0)
    expect(JSON.parse(result.stdout)).toMatchObject({
      ok: true,
      expectations: [
        { ok: true, seen: 'on' },
        { ok: true, seen: 'present' },
      ],
    })
  })

  it('leaves a console and an event log whose replay gives the registers of the TPM', async () => {
    const { banks } = JSON.parse(await readFile(join(dir, 'logs/pcrs.json'), 'utf8'))
    const { events, problem } = JSON.parse(await readFile(join(dir, 'logs/event-log.json'), 'utf8'))

    expect(problem).toBeUndefined()
    expect(events.length).toBeGreaterThan(30)
    expect(events.map(({ detail }: { detail: string }) => detail)).toContain('SecureBoot')
    for (const bank of ['sha256', 'sha384']) {
      expect(banks[bank]).toHaveLength(24)
      // What firmware, shim and grub measure into; into the others the running system may have measured since.
      for (const pcr of [0, 1, 2, 3, 4, 5, 6, 7, 8, 14])
        expect(banks[bank][pcr], `${bank}:${pcr}`).toMatchObject({ pcr, equal: true })
    }
    expect(await readFile(join(dir, 'logs/console.log'), 'latin1')).toContain('Secure boot enabled')
  })
})

describe('a direct boot', () => {
  it('starts the kernel of the image, without its boot loader', async () => {
    const { code, stdout, stderr } = await bootTest(image, '-b', 'direct', '-e', 'cvm.direct=1')

    expect(code, stderr).toBe(0)
    const { milestones, launch } = JSON.parse(stdout)
    expect(milestones.map(({ name }: { name: string }) => name)).not.toContain('boot loader')
    expect(launch.directBoot.cmdline).toMatch(/^root=UUID=[0-9a-f-]{36} .*cvm\.direct=1$/)
  })
})

describe('a guest that somebody has changed', () => {
  let changed: string
  beforeAll(async () => {
    changed = join(dir, 'changed.qcow2')
    await copyFile(image, changed)
  })

  // First the initrd: nothing signs it, so the firmware starts the guest all the same.
  it('in its initrd panics, and the verdict says that the initrd is broken', async () => {
    await flipOneByte(changed, changed, await inBoot('initrd.img-'), 0, dir)

    const { code, stdout, stderr } = await bootTest(changed)

    expect(code, stderr).toBe(7)
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'GUEST_PANICKED',
      message: expect.stringContaining("The guest's initrd is broken"),
    })
  })

  it('in its kernel is refused by the boot loader under Secure Boot', async () => {
    // In the code for real mode: signed, and not used by a UEFI boot.
    await flipOneByte(changed, changed, await inBoot('vmlinuz-'), 1500, dir)

    const { code, stdout, stderr } = await bootTest(changed, '--secure-boot')

    expect(code, stderr).toBe(7)
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'GUEST_BOOT_REFUSED',
      message: expect.stringContaining('The boot loader refused the kernel'),
      why: expect.stringContaining('bad shim signature'),
    })
  })

  /** The path of a file of /boot by the start of its name. */
  async function inBoot(start: string): Promise<string> {
    const root = join(dir, 'boot.ext4')
    await copyPartition(image, guestDisk(TRIXIE_UEFI.boot).root, root)
    const { stdout } = await runToolOrFail({ tool: 'debugfs', args: ['-R', 'ls -p /boot', root] })
    await rm(root)
    const name = stdout.split('/').find((word) => word.startsWith(start))
    if (name === undefined) throw new Error(`no ${start} in /boot`)
    return `/boot/${name}`
  }
})

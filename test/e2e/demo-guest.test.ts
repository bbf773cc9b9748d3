import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guestDisk } from '../../src/demo/guest-disk.js'
import { runTool, runToolOrFail } from '../../src/host/run-tool.js'
import { demoGuest, TRIXIE_UEFI } from './guests.js'

// No VM here: the root file system is taken out of the image and read with debugfs.
describe('the demo guest', () => {
  let scratchDir: string
  let rootFs: string

  beforeAll(async () => {
    scratchDir = await mkdtemp(join(tmpdir(), 'demo-guest-'))
    rootFs = join(scratchDir, 'root.ext4')
    const image = await demoGuest(TRIXIE_UEFI)
    const skipMiB = guestDisk(TRIXIE_UEFI.boot).root.firstSector / 2048
    const args = ['dd', '-f', 'qcow2', '-O', 'raw', 'bs=1M', `skip=${skipMiB}`, `if=${image}`, `of=${rootFs}`]
    await runToolOrFail({ tool: 'qemu-img', args })
  })
  afterAll(() => rm(scratchDir, { recursive: true, force: true }))

  it('has a sound root file system', async () => {
    const checked = await runTool({ tool: 'e2fsck', args: ['-fn', rootFs] })

    expect(checked.exitCode, checked.stdout).toBe(0)
  })

  it('has a kernel with the guest side of TDX and SEV-SNP', async () => {
    const name = /config-\S+/.exec(await debugfs('ls -p /boot'))?.[0].split('/')[0]
    const config = await debugfs(`cat /boot/${name}`)

    expect(config).toMatch(/^CONFIG_INTEL_TDX_GUEST=y$/m)
    expect(config).toMatch(/^CONFIG_AMD_MEM_ENCRYPT=y$/m)
    expect(config).toMatch(/^CONFIG_TDX_GUEST_DRIVER=[ym]$/m)
    expect(config).toMatch(/^CONFIG_SEV_GUEST=[ym]$/m)
  })

  it.each([
    ['/usr/bin/sudo', '04755', 0],
    ['/etc/shadow', '0640', 42],
    ['/etc/machine-id', '0644', 0],
  ])('gives %s to root, whoever built it', async (path, mode, group) => {
    const entry = (await debugfs(`stat ${path}`)).replace(/\s+/g, ' ')

    expect(entry).toContain(`Mode: ${mode}`)
    expect(entry).toContain(`User: 0 Group: ${group} `)
  })

  it('is nobody yet: no machine-id, no host keys, no account with a password', async () => {
    const accounts = (await debugfs('cat /etc/shadow')).trim().split('\n')

    expect(await debugfs('cat /etc/machine-id')).toBe('')
    expect(await debugfs('ls -p /etc/ssh')).not.toContain('ssh_host_')
    expect(accounts.length).toBeGreaterThan(10)
    for (const account of accounts) expect(account.split(':')[1]).toMatch(/^[!*]/)
  })

  it("knows nothing of the build host: Debian's own addresses, no proxy", async () => {
    expect(await debugfs('cat /etc/apt/sources.list.d/debian.sources')).toContain(
      'URIs: http://deb.debian.org/debian\n',
    )
    expect(await debugfs('cat /etc/hostname')).toBe('debian\n')
    expect(await debugfs('ls -p /etc/apt/apt.conf.d')).not.toContain('mmdebstrap')
  })

  it('has a locale, so that the first boot does not spend time on making one', async () => {
    expect(await debugfs('cat /etc/locale.conf')).toBe('LANG=C.UTF-8\n')
  })

  it('tells the kernel its root by UUID, in a configuration that update-grub wrote', async () => {
    const config = await debugfs('cat /boot/grub/grub.cfg')

    expect(config).toMatch(/^\tlinux\t\/boot\/vmlinuz-\S+ root=UUID=[0-9a-f-]{36} ro {1,2}console=tty1 console=ttyS0$/m)
    expect(await debugfs('ls -p /usr/sbin')).not.toContain('grub-probe.real')
  })

  async function debugfs(request: string): Promise<string> {
    return (await runToolOrFail({ tool: 'debugfs', args: ['-R', request, rootFs] })).stdout
  }
})

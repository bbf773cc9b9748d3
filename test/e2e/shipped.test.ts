import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guestDisk } from '../../src/demo/guest-disk.js'
import { runToolOrFail } from '../../src/host/run-tool.js'
import type { RewriteReport } from '../../src/model/report.js'
import { bootAndLook } from './boot.js'
import { demoGuest, TRIXIE_UEFI } from './guests.js'
import { program } from './run-program.js'

const ROOT = new URL('../..', import.meta.url).pathname
const PLUGINS = ['05-readonly-data', '07-device-permission', '08-attestation-permissions', '09-vsock-port', '97-sample']
const DATA = '/usr/share/cvm data'
const ODD = `${DATA}/a@b & 'c' "d" 100%`

// Two rewrites and one boot, shared between the tests: in test:e2e:all only. all-plugins.test.ts shows each of them once.
describe.runIf(process.env['CVM_E2E_ALL'] !== undefined)(
  'a real guest, rewritten with the plugins that need to be asked',
  () => {
    let dir: string
    let first: RewriteReport
    let root: string

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'cvm-e2e-shipped-'))
      for (const name of PLUGINS)
        await cp(join(ROOT, 'pre-stage', name), join(dir, 'pre-stage', name), { recursive: true })
      await rm(join(dir, 'pre-stage/97-sample/NOT_RUN'))
      await plantProbe(dir)
      const env = { CVM_READONLY_FILES: `${ODD}\n${DATA}/sub`, CVM_DEVICE_USERS: 'daemon', CVM_VSOCK_PORT: '4051' }
      first = await rewrite(dir, ['-i', await demoGuest(TRIXIE_UEFI), '-o', 'first.qcow2'], env)
      root = await rootFileSystem(join(dir, 'first.qcow2'), dir)
    })
    afterAll(() => rm(dir, { recursive: true, force: true }))

    it('ran all of them, the sample too', () => {
      expect(first.plugins.filter(({ state }) => state !== 'ran')).toEqual([])
      expect(first.plugins.find(({ name }) => name === '97-sample')?.notes).toEqual([
        'all three files have arrived; greeting=hello',
      ])
      expect(first.guest?.failedUnits).toEqual([])
    })

    it('D41: has the immutable flag in the image, and modes as they were', async () => {
      // EXT4_IMMUTABLE_FL is 0x10.
      const flags = async (path: string) => /Mode: +(\d+) +Flags: 0x([0-9a-f]+)/.exec(await debugfs(`stat "${path}"`))
      for (const [path, mode] of [
        [`${DATA}/sub`, '0755'],
        [`${DATA}/sub/program`, '0755'],
      ] as const) {
        const found = await flags(path)
        expect([path, found?.[1], Number.parseInt(found?.[2] ?? '0', 16) & 0x10]).toEqual([path, mode, 0x10])
      }
      expect(Number.parseInt((await flags(`${DATA}/free`))?.[2] ?? '10', 16) & 0x10).toBe(0)
    })

    it('D59a: has a rule for the group and its member, and the port that was given', async () => {
      expect(await debugfs('cat /etc/udev/rules.d/70-cvm-attestation-devices.rules')).toContain(
        'KERNEL=="tdx_guest", GROUP="attest", MODE="0660"',
      )
      expect(await debugfs('cat /etc/group')).toMatch(/^attest:x:\d+:daemon$/m)
      expect(await debugfs('cat /etc/tdx-attest.conf')).toBe('port=4051\n')
    })

    it('can be rewritten with another list and another way, and is read-only in that way when it boots', async () => {
      const env = { CVM_READONLY_FILES: ODD, CVM_READONLY_MODE: 'bind' }
      const only = ['05-readonly-data', '20-probe'].flatMap((name) => ['--only', name])
      await rewrite(dir, ['-i', 'first.qcow2', '-o', 'second.qcow2', ...only], env)

      await using booted = await bootAndLook(join(dir, 'second.qcow2'), dir, { uefi: true })

      expect((await booted.readFile('/var/log/probe'))?.split('\n')).toEqual([
        `read-only ${ODD}`,
        `writable ${DATA}/sub/program`,
        `writable ${DATA}/free`,
        'drwxrwx--- root attest /run/cima/uds',
        '-r--r----- root attest',
        '',
      ])
    })

    async function debugfs(request: string): Promise<string> {
      return (await runToolOrFail({ tool: 'debugfs', args: ['-R', request, root] })).stdout
    }
  },
)

async function rewrite(dir: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const run = await program('rewrite', [...args, '--plugins', dir, '--json', '-t', '15'], { cwd: dir, env })
  expect(run.code, run.stderr + run.stdout).toBe(0)
  return JSON.parse(run.stdout) as RewriteReport
}

/** Files to protect, and a unit that writes down at boot what can be written. */
async function plantProbe(dir: string): Promise<void> {
  const plugin = join(dir, 'pre-stage/20-probe')
  const wants = join(plugin, 'files/etc/systemd/system/multi-user.target.wants')
  await mkdir(join(plugin, 'files', DATA, 'sub'), { recursive: true })
  await mkdir(wants, { recursive: true })
  await writeFile(join(plugin, 'README.md'), '# 20-probe\n\nLooks at what is read-only when it boots.\n')
  for (const path of [ODD, `${DATA}/free`]) await writeFile(join(plugin, 'files', path), 'x\n')
  await writeFile(join(plugin, 'files', DATA, 'sub/program'), '#!/bin/sh\n', { mode: 0o755 })
  await symlink('../probe.service', join(wants, 'probe.service'))
  await writeFile(
    join(wants, '../probe.service'),
    '[Unit]\nDescription=Probe\nBefore=ssh.service\n[Service]\nType=oneshot\nExecStart=/usr/share/probe.sh\n',
  )
  await writeFile(join(plugin, 'files/usr/share/probe.sh'), PROBE, { mode: 0o755 })
}

const PROBE = `#!/bin/sh
exec >/var/log/probe
for path in '${ODD.replaceAll("'", "'\\''")}' '${DATA}/sub/program' '${DATA}/free'; do
	if (echo x >>"$path") 2>/dev/null; then echo "writable $path"; else echo "read-only $path"; fi
done
stat -c '%A %U %G %n' /run/cima/uds
stat -L -c '%A %U %G' /sys/kernel/security/integrity/ima/ascii_runtime_measurements
`

/** The root partition of a demo guest's disk, as a file for debugfs. */
async function rootFileSystem(image: string, dir: string): Promise<string> {
  const path = join(dir, 'root.ext4')
  const skipMiB = guestDisk(TRIXIE_UEFI.boot).root.firstSector / 2048
  const args = ['dd', '-f', 'qcow2', '-O', 'raw', 'bs=1M', `skip=${skipMiB}`, `if=${image}`, `of=${path}`]
  await runToolOrFail({ tool: 'qemu-img', args })
  return path
}

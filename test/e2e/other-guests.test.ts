import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guestDisk } from '../../src/demo/guest-disk.js'
import { runTool, runToolOrFail } from '../../src/host/run-tool.js'
import type { RewriteReport } from '../../src/model/report.js'
import { type Answer, bootAndLook } from './boot.js'
import { demoGuest, TRIXIE_BTRFS, TRIXIE_DRACUT, TRIXIE_XFS } from './guests.js'
import { LEFT_OUT, type Look, leftOut, lookAround, plantAllPlugins } from './plugin-effects.js'
import { program } from './run-program.js'

const GUESTS = [
  {
    what: 'a guest whose initrds dracut makes',
    recipe: TRIXIE_DRACUT,
    package: 'dracut',
    grown: /^The filesystem on \/dev\/vda1 is now \d+ \(4k\) blocks long\.$/m,
    faults: ext4Faults,
  },
  {
    what: 'a guest with an xfs root',
    recipe: TRIXIE_XFS,
    package: 'xfsprogs',
    grown: /^data blocks changed from \d+ to \d+$/m,
    faults: xfsFaults,
  },
  {
    what: 'a guest with a btrfs root',
    recipe: TRIXIE_BTRFS,
    package: 'btrfs-progs',
    grown: /^Resize device id 1 \(\/dev\/vda1\) from .* to max$/m,
    faults: btrfsFaults,
  },
] as const

// In test:e2e:all only: with their building a quarter of an hour, and three rewrites more.
describe.runIf(process.env['CVM_E2E_ALL'] !== undefined).each(GUESTS)(
  '$what',
  ({ recipe, package: packageName, grown, faults }) => {
    let dir: string
    let report: RewriteReport
    let seen: Readonly<Record<Look, Answer>>

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'cvm-e2e-other-'))
      const guest = await demoGuest(recipe)
      const all = await plantAllPlugins(dir)
      const run = await program('rewrite', ['-i', guest, '--json', '-t', '20'], { cwd: dir, env: all.env })
      expect(run.code, run.stderr + run.stdout).toBe(0)
      report = JSON.parse(run.stdout) as RewriteReport
      await using _ = await bootAndLook(join(dir, 'output.qcow2'), dir, {
        uefi: true,
        visit: async (visited) => {
          seen = await lookAround(visited, all)
        },
      })
    })
    afterAll(() => rm(dir, { recursive: true, force: true }))

    it('is what it claims to be', () => {
      const names = report.guest?.inventory?.packages.map((line) => line.split(' ')[0])

      expect(names).toContain(packageName)
      expect(names?.includes('initramfs-tools')).toBe(recipe.initrd !== 'dracut')
    })

    it('is rewritten with every plugin, passes every check and has no complaint', () => {
      expect(leftOut(report)).toEqual(LEFT_OUT)
      expect(report.checks.filter((result) => !result.ok)).toEqual([])
      expect(report.guest?.failedUnits).toEqual([])
      expect(report.guest?.cloudInit?.warnings).toEqual([])
    })

    it('has the root file system that fills the larger disk', () => {
      expect(report.guest?.parts.find((part) => part.part === 'grow-root')?.tail).toMatch(grown)
      expect(notesOf('01-resize-image').join()).toMatch(/^\/ has (5[6-9]|60|61)\d\d MiB of a disk of 6144 MiB$/)
    })

    it('has the files of 60-initrd-update in the initrds of both kernels, read back in the same run', () => {
      expect(report.guest?.inventory?.initrds).toHaveLength(2)
      expect(report.guest?.parts.find(({ part }) => part === 'initrd-check')?.tail).toMatch(/\(read back from 2\)/)
    })

    it('shows the effects of every plugin when it is booted', () => {
      expect(seen['second key']).toEqual({ code: 0, text: 'cvm\n' })
      expect(seen.sudo).toEqual({ code: 0, text: 'root\n' })
      expect(seen.vsock.text).toBe('port=4051\n')
      expect(seen.sample.text).toContain('hello')
      expect(seen['read-only'].text).toContain('Operation not permitted')
      expect(seen.kernel.text).toMatch(/^6\.1\..*-cloud-amd64\n$/)
      expect(seen.debs).toEqual({ code: 0, text: '' })
      expect(seen.group.text).toMatch(/^attest:x:\d+:cvm\n$/)
      expect(seen.sockets.text).toBe('drwxrwx--- root attest\n')
      expect(seen.cmdline.text).toMatch(/ cvm\.e2e=1 .*ima_appraise=enforce/)
      expect(seen.cmdline.text).not.toContain('console=tty1')
      expect(seen['sound program'].code).toBe(0)
      expect(seen['later program'].text).toContain('Permission denied')
    })

    it('has a sound root file system, although the guest was powered off without being shut down', async () => {
      const rootFs = join(dir, 'root-fs')
      const skipMiB = guestDisk(recipe.boot).root.firstSector / 2048
      const image = join(dir, 'output.qcow2')
      const args = ['dd', '-f', 'qcow2', '-O', 'raw', 'bs=1M', `skip=${skipMiB}`, `if=${image}`, `of=${rootFs}`]
      await runToolOrFail({ tool: 'qemu-img', args })

      expect(await faults(rootFs)).toEqual([])
      await rm(rootFs)
    })

    it('comes up in the boot test, without a failed unit', async () => {
      const run = await program('qemu-test', ['-i', 'output.qcow2', '-t', '10', '--json'], { cwd: dir })

      expect(run.code, run.stderr + run.stdout).toBe(0)
      expect(JSON.parse(run.stdout)).toMatchObject({ ok: true, failedUnits: [], restarts: 0 })
    })

    function notesOf(name: string): readonly string[] {
      return report.plugins.find((plugin) => plugin.name === name)?.notes ?? []
    }
  },
)

// A guest that is powered off at once leaves files that were deleted and still open: the next mount frees them, as it does after
// a power cut. That is no fault, but a checker that may not write reports it.

/** What e2fsck could not put right by itself. */
async function ext4Faults(rootFs: string): Promise<readonly string[]> {
  const checked = await runTool({ tool: 'e2fsck', args: ['-fp', rootFs] })
  return checked.exitCode === 0 || checked.exitCode === 1 ? [] : checked.stdout.split('\n')
}

async function xfsFaults(rootFs: string): Promise<readonly string[]> {
  const checked = await runTool({ tool: 'xfs_repair', args: ['-n', '-f', rootFs] })
  const lines = `${checked.stdout}\n${checked.stderr}`.split('\n')
  const faults = lines.filter((line) => FAULT.test(line) && !NO_FAULT.test(line))
  // 1: there is something to mend.
  return checked.exitCode === 0 || checked.exitCode === 1 ? faults : lines
}

async function btrfsFaults(rootFs: string): Promise<readonly string[]> {
  const checked = await runTool({ tool: 'btrfs', args: ['check', rootFs] })
  return checked.exitCode === 0 ? [] : [checked.stdout, checked.stderr]
}

const FAULT = /\b(would|bad|corrupt\w*|wrong|mismatch|error|invalid|inconsistent|dirty)\b/i
/** What deleted and open files look like, and a warning that every image file gets. */
const NO_FAULT =
  /^(Would clear next_unlinked in inode \d+|disconnected (dir )?inode \d+, would move to lost\+found|would have reset inode \d+ nlinks from 0 to [12]|Repair may fail if there is a sector size mismatch between)$/

import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RootFs } from '../../../src/demo/recipe.js'
import { writeRootFileSystem } from '../../../src/demo/root-file-system.js'
import type { RootTree } from '../../../src/demo/root-tree.js'
import { runTool, runToolOrFail } from '../../../src/host/run-tool.js'
import { underFakeroot } from '../../../src/tools/fakeroot.js'

const UUID = '3deb20e3-6de2-4f42-ba18-6c2fb7e918d2'
const MIB = 1024 * 1024

// The real programs, on a tree of a few files whose owners only fakeroot knows, as when an ordinary user builds a guest.
describe('writeRootFileSystem', () => {
  let scratchDir: string

  beforeEach(async () => {
    scratchDir = await mkdtemp(join(tmpdir(), 'root-fs-'))
  })
  afterEach(() => rm(scratchDir, { recursive: true, force: true }))

  it('makes a sound xfs with owners, modes, sticky bits, device nodes and links', async () => {
    const rootFs = await written('xfs', [])

    const checked = await runTool({ tool: 'xfs_repair', args: ['-n', '-f', rootFs] })
    expect(checked.exitCode, checked.stderr).toBe(0)
    expect(await xfs(rootFs, '/', 'mode', 'uid', 'gid')).toBe('mode = 040755 uid = 0 gid = 0')
    expect(await xfs(rootFs, '/etc/shadow', 'mode', 'uid', 'gid', 'size')).toBe(
      'mode = 0100640 uid = 0 gid = 42 size = 8',
    )
    expect(await xfs(rootFs, '/sudo', 'mode')).toBe('mode = 0104755')
    expect(await xfs(rootFs, '/tmp', 'mode')).toBe('mode = 041777')
    expect(await xfs(rootFs, '/null', 'mode', 'gid')).toBe('mode = 020666 gid = 0')
    expect(await xfs(rootFs, '/link', 'mode', 'size')).toBe('mode = 0120777 size = 10')
    expect(await runToolOrFail({ tool: 'blkid', args: ['-p', rootFs] })).toMatchObject({
      stdout: expect.stringMatching(new RegExp(`LABEL="cloudimg-rfs" UUID="${UUID}".* TYPE="xfs"`)),
    })
  })

  it('refuses for xfs a name that its list cannot hold', async () => {
    await expect(written('xfs', ['etc/a name'])).rejects.toThrow('"/etc/a name"')
  })

  it('makes a sound btrfs with owners, modes, sticky bits, links and any names, but without device nodes', async () => {
    const rootFs = await written('btrfs', ['etc/a name'])

    const checked = await runTool({ tool: 'btrfs', args: ['check', rootFs] })
    expect(checked.exitCode, checked.stderr).toBe(0)
    const inodes = await btrfs(rootFs)
    expect(inodes).toMatch(/ mode 40755 links 1 uid 0 gid 0 /)
    expect(inodes).toMatch(/ size 8 .* mode 100640 links 1 uid 0 gid 42 /)
    expect(inodes).toMatch(/ mode 104755 links 1 uid 0 gid 0 /)
    expect(inodes).toMatch(/ mode 41777 links 1 uid 0 gid 0 /)
    expect(inodes).toMatch(/ size 10 .* mode 120777 /)
    expect(inodes).not.toMatch(/ mode 2\d{4} /)
    expect(inodes).toContain(' name: a name')
    expect(await runToolOrFail({ tool: 'blkid', args: ['-p', rootFs] })).toMatchObject({
      stdout: expect.stringMatching(new RegExp(`LABEL="cloudimg-rootfs" UUID="${UUID}".* TYPE="btrfs"`)),
    })
  })

  /** The file system, taken out of the middle of the disk again. */
  async function written(kind: RootFs, names: readonly string[]): Promise<string> {
    const tree = await aTree(names)
    const disk = join(scratchDir, 'disk.raw')
    await writeFile(disk, '')
    await truncate(disk, 400 * MIB)
    const place = { disk, offsetBytes: 8 * MIB, sizeBytes: 384 * MIB }
    await writeRootFileSystem({ kind, tree, uuid: UUID, scratchDir, ...place }, async (call) => {
      await runToolOrFail(call)
    })
    const rootFs = join(scratchDir, 'root-fs')
    const args = [`if=${disk}`, `of=${rootFs}`, 'bs=1M', 'skip=8', 'count=384', 'conv=sparse']
    await runToolOrFail({ tool: 'dd', args })
    return rootFs
  }

  async function aTree(names: readonly string[]): Promise<RootTree> {
    const path = join(scratchDir, 'tree')
    await mkdir(join(path, 'etc'), { recursive: true })
    await mkdir(join(path, 'tmp'))
    for (const name of ['etc/shadow', 'sudo', ...names]) await writeFile(join(path, name), 'content\n')
    const state = join(scratchDir, 'owners')
    const args = ['-c', OWNERS]
    await runToolOrFail(underFakeroot({ tool: 'python3', args, cwd: path }, state, 'first'))
    return { path, seenAsRoot: (call) => underFakeroot(call, state, 'later') }
  }
})

async function xfs(rootFs: string, path: string, ...fields: readonly string[]): Promise<string> {
  const print = `print ${fields.map((field) => `core.${field}`).join(' ')}`
  const { stdout } = await runToolOrFail({
    tool: 'xfs_db',
    args: ['-r', '-f', '-c', `path ${path}`, '-c', print, rootFs],
  })
  return stdout.trim().replaceAll('core.', '').replaceAll('\n', ' ')
}

/** All of its inodes and names, one per line. */
async function btrfs(rootFs: string): Promise<string> {
  const { stdout } = await runToolOrFail({
    tool: 'btrfs',
    args: ['inspect-internal', 'dump-tree', '--tree', '5', rootFs],
  })
  return stdout.replaceAll(/\n\t\t\s*/g, ' ')
}

const OWNERS = `
import os, stat
os.chown("etc/shadow", 0, 42)
os.chmod("etc/shadow", 0o640)
os.chmod("sudo", 0o4755)
os.chmod("tmp", 0o1777)
os.chmod(".", 0o755)
os.mknod("null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
os.chmod("null", 0o666)
os.symlink("etc/shadow", "link")
for name in [".", "etc", "tmp", "sudo", "null"]:
    os.chown(name, 0, 0)
`

import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guestDisk, offsetBytes } from '../../../src/demo/guest-disk.js'
import { writeGuestImage } from '../../../src/demo/guest-image.js'
import { runTool, runToolOrFail } from '../../../src/host/run-tool.js'

const ROOT_UUID = '3deb20e3-6de2-4f42-ba18-6c2fb7e918d2'

// The real programs, on a tree of a few small files.
describe('writeGuestImage', () => {
  let scratchDir: string
  const said: string[] = []

  beforeEach(async () => {
    scratchDir = await mkdtemp(join(tmpdir(), 'guest-image-'))
    said.length = 0
  })
  afterEach(() => rm(scratchDir, { recursive: true, force: true }))

  it('makes a disk that both firmwares start, with the tree as its root', async () => {
    const raw = await rawDisk('both')
    const disk = guestDisk('both')

    const table = await runToolOrFail({ tool: 'sgdisk', args: ['--verify', '--print', raw] })
    expect(table.stdout).toContain('No problems found')
    expect(await bytesAt(raw, 0x5c, 8)).toEqual(uint64(disk.biosBoot.firstSector))
    expect(await bytesAt(raw, offsetBytes(disk.biosBoot) + 0x1f4, 8)).toEqual(uint64(disk.biosBoot.firstSector + 1))

    const volume = `disk-copy.raw@@${disk.esp && offsetBytes(disk.esp)}`
    const env = { MTOOLS_SKIP_CHECK: '1' }
    const shim = await runToolOrFail({
      tool: 'mtype',
      args: ['-i', volume, '::/EFI/BOOT/BOOTX64.EFI'],
      cwd: scratchDir,
      env,
    })
    expect(shim.stdout).toBe('shim')
    const config = await runToolOrFail({
      tool: 'mtype',
      args: ['-i', volume, '::/EFI/debian/grub.cfg'],
      cwd: scratchDir,
      env,
    })
    expect(config.stdout).toContain(`search.fs_uuid ${ROOT_UUID} root\n`)
    const files = await runToolOrFail({ tool: 'mdir', args: ['-b', '-/', '-i', volume, '::/'], cwd: scratchDir, env })
    expect(files.stdout.toLowerCase()).not.toContain('fbx64')

    const rootFs = `${raw}?offset=${offsetBytes(disk.root)}`
    const checked = await runTool({ tool: 'e2fsck', args: ['-fn', rootFs] })
    expect(checked.exitCode, checked.stdout).toBe(0)
    const name = await runToolOrFail({ tool: 'debugfs', args: ['-R', 'cat /etc/hostname', rootFs] })
    expect(name.stdout).toBe('debian\n')
  })

  it('leaves the first sector without boot code in a guest that only UEFI starts', async () => {
    const raw = await rawDisk('uefi')

    expect((await bytesAt(raw, 0, 440)).every((byte) => byte === 0)).toBe(true)
    expect(said.join()).not.toContain('BIOS')
  })

  it('makes no EFI system partition in a guest that only a BIOS starts', async () => {
    const raw = await rawDisk('bios')

    const table = await runToolOrFail({ tool: 'sgdisk', args: ['--print', raw] })
    expect(table.stdout).not.toContain('EF00')
    expect(table.stdout).toContain('EF02')
  })

  async function rawDisk(boot: 'uefi' | 'bios' | 'both'): Promise<string> {
    const path = join(scratchDir, 'root')
    const boots = join(path, 'boot/grub/i386-pc')
    await put(join(path, 'etc/hostname'), 'debian\n')
    for (const name of ['shimx64.efi.signed', 'mmx64.efi.signed', 'BOOTX64.CSV'])
      await put(join(path, 'usr/lib/shim', name), 'shim')
    await put(join(path, 'usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed'), 'grub')
    await put(join(boots, 'boot.img'), Buffer.concat([Buffer.alloc(510, 0xcc), Buffer.from([0x55, 0xaa])]))
    await put(join(boots, 'core.img'), Buffer.alloc(3000, 0xcc))
    const tree = { path, seenAsRoot: <Call>(call: Call) => call }
    const image = await writeGuestImage({
      tree,
      rootUuid: ROOT_UUID,
      boot,
      rootFs: 'ext4',
      scratchDir,
      say: (line) => said.push(line),
    })
    const raw = join(scratchDir, 'disk-copy.raw')
    await runToolOrFail({ tool: 'qemu-img', args: ['convert', '-f', 'qcow2', '-O', 'raw', image, raw] })
    return raw
  }
})

async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}

async function bytesAt(path: string, position: number, count: number): Promise<Buffer> {
  const file = await open(path)
  try {
    const bytes = Buffer.alloc(count)
    await file.read(bytes, 0, count, position)
    return bytes
  } finally {
    await file.close()
  }
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, open, readFile, rename, symlink, truncate, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inspectInput } from '../../../src/image/inspect-input.js'
import { fakeQemuImg } from './fake-qemu-img.js'
import { errorOf, type Images, someImages } from './real-images.js'

let images: Images
beforeEach(async () => {
  images = await someImages()
})
afterEach(() => images[Symbol.asyncDispose]())

describe('inspectInput takes', () => {
  it('a qcow2 image, without writing to it', async () => {
    const path = await images.qcow2Disk('disk.qcow2')
    const before = await readFile(path)

    const input = await inspectInput(path)

    expect(input).toMatchObject({ path, format: 'qcow2', virtualSizeBytes: 64 * 2 ** 20, warnings: [] })
    expect(input.fileSizeBytes).toBe(before.length)
    expect((await readFile(path)).equals(before)).toBe(true)
  })

  it('a raw disk with a partition table', async () => {
    const path = await images.rawDisk('disk.img')

    expect(await inspectInput(path)).toMatchObject({ format: 'raw', virtualSizeBytes: 64 * 2 ** 20 })
  })

  it('a qcow2 image named .img, as distributions do', async () => {
    const path = await images.qcow2Disk('disk.img')

    expect(await inspectInput(path)).toMatchObject({ format: 'qcow2', warnings: [] })
  })

  it('a raw disk with holes, and counts only what is stored as needed room', async () => {
    const path = await images.rawDisk('disk.img')
    await truncate(path, 2 ** 40)

    const input = await inspectInput(path)

    expect(input.fileSizeBytes).toBe(2 ** 40)
    expect(input.storedBytes).toBeLessThan(2 ** 28)
  })

  it('a link to an image', async () => {
    await symlink(await images.qcow2Disk('disk.qcow2'), images.at('link'))

    expect(await inspectInput(images.at('link'))).toMatchObject({ path: images.at('link'), format: 'qcow2' })
  })

  it('leaked clusters and snapshots, with a warning each', async () => {
    const path = await images.qcow2Disk('disk.qcow2')
    await images.qemuImg('snapshot', '-c', 'before', path)
    await leakOneCluster(path)

    expect((await inspectInput(path)).warnings).toEqual([
      expect.stringContaining('1 internal snapshots'),
      expect.stringContaining('1 leaked clusters'),
    ])
  })

  it.each([
    'a b',
    'a,b',
    'a:b',
    'nbd:x',
    "it's",
    'a"b',
    'a\\b',
    'a=b',
    '#1',
    'a\nb',
    '-U',
    '--help',
    '🥐',
    'a%sb',
    'x'.repeat(240),
  ])('a file named %j', async (name) => {
    const path = images.at(name)
    await rename(await images.qcow2Disk('disk.qcow2'), path)

    expect(await inspectInput(path)).toMatchObject({ path, format: 'qcow2' })
  })
})

describe('inspectInput refuses', () => {
  it('a file that is not there, and names the nearest', async () => {
    await images.qcow2Disk('debian.qcow2')

    const error = await errorOf(inspectInput(images.at('debain.qcow2')))

    expect(error).toMatchObject({ code: 'INPUT_NOT_FOUND', exitCode: 2, why: 'did you mean "debian.qcow2"?' })
  })

  it('a link that leads nowhere, or to itself', async () => {
    await symlink('gone.qcow2', images.at('link'))
    await symlink('loop', images.at('loop'))

    expect((await errorOf(inspectInput(images.at('link')))).message).toContain(
      'link to "gone.qcow2", which is not there',
    )
    expect((await errorOf(inspectInput(images.at('loop')))).message).toContain('leads back to it')
  })

  it('a directory, a pipe and a device, without waiting for a writer', async () => {
    await mkdir(images.at('dir'))
    await promisify(execFile)('mkfifo', [images.at('pipe')])

    expect(await errorOf(inspectInput(images.at('dir')))).toMatchObject({ code: 'INPUT_NOT_A_FILE', exitCode: 4 })
    expect((await errorOf(inspectInput(images.at('pipe')))).message).toContain('is a pipe')
    expect((await errorOf(inspectInput('/dev/null'))).message).toContain('is a character device')
  })

  it('an empty file', async () => {
    await writeFile(images.at('empty.qcow2'), '')

    expect(await errorOf(inspectInput(images.at('empty.qcow2')))).toMatchObject({ code: 'INPUT_EMPTY', exitCode: 4 })
  })

  it('a truncated qcow2, with the number of errors', async () => {
    const path = await images.qcow2Disk('disk.qcow2')
    await truncate(path, 3 * 2 ** 20)

    const error = await errorOf(inspectInput(path))

    expect(error).toMatchObject({ code: 'IMAGE_CORRUPT', exitCode: 4 })
    expect(error.message).toMatch(/found [1-9]\d* errors/)
  })

  it('an image that a virtual machine has open', async () => {
    const path = await images.qcow2Disk('disk.qcow2')
    const machine = spawn('qemu-system-x86_64', [
      ...['-S', '-nodefaults', '-display', 'none', '-accel', 'tcg', '-monitor', 'stdio'],
      ...['-drive', `if=none,file=${path},format=qcow2`],
    ])
    try {
      await once(machine.stdout, 'data')

      expect(await errorOf(inspectInput(path))).toMatchObject({ code: 'IMAGE_IN_USE', exitCode: 75 })
    } finally {
      machine.kill('SIGKILL')
      await once(machine, 'exit')
    }
  })

  it('a disk named .raw with a qcow2 header in it, which its guest may have written there', async () => {
    const path = images.at('disk.raw')
    await rename(await images.qcow2Disk('disk.qcow2'), path)
    await using qemuImg = await fakeQemuImg('exit 0')

    const error = await errorOf(inspectInput(path))

    expect(error).toMatchObject({
      code: 'IMAGE_FORMAT_REFUSED',
      exitCode: 4,
      next: expect.stringContaining('rename it'),
    })
    expect(error.why).toContain('a qcow2 header')
    expect(await qemuImg.calls()).toEqual([])
  })

  it('a name that is not UTF-8, in words of its own', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${images.dir}/`), Buffer.from([0xff])]), 'x')

    const error = await errorOf(inspectInput(images.at('\uFFFD')))

    expect(error).toMatchObject({ code: 'INPUT_NOT_FOUND', exitCode: 2, why: 'its name is not valid UTF-8' })
  })

  it('an image that changes while it is looked at', async () => {
    const path = await images.qcow2Disk('disk.qcow2')
    await using _ = await fakeQemuImg(`printf x >> '${path}'\necho '{"virtual-size": 67108864}'`)

    expect(await errorOf(inspectInput(path))).toMatchObject({ code: 'INPUT_CHANGED' })
  })
})

describe('inspectInput runs no program at all for', () => {
  const hostile: readonly [string, string, (path: string) => Promise<unknown>][] = [
    ['a benign backing file', 'IMAGE_HAS_BACKING_FILE', (path) => overlay(path, images.at('base.qcow2'))],
    ['a backing file /etc/passwd', 'IMAGE_HAS_BACKING_FILE', (path) => overlay(path, '/etc/passwd')],
    ['a backing file on the network', 'IMAGE_HAS_BACKING_FILE', (path) => overlay(path, 'nbd://127.0.0.1:1/x')],
    ['a json: backing file', 'IMAGE_HAS_BACKING_FILE', (path) => overlay(path, 'json:{"driver":"null-co"}')],
    [
      'an external data file',
      'IMAGE_HAS_DATA_FILE',
      (path) => images.qemuImg('create', '-f', 'qcow2', '-o', `data_file=${images.at('data')}`, path, '1M'),
    ],
    [
      'an encrypted image',
      'IMAGE_ENCRYPTED',
      (path) =>
        images.qemuImg(
          ...['create', '-f', 'qcow2', '--object', 'secret,id=s,data=x'],
          ...['-o', 'encrypt.format=aes,encrypt.key-secret=s', path, '1M'],
        ),
    ],
    [
      'a 60 TiB bomb',
      'IMAGE_TOO_LARGE',
      (path) => images.qemuImg('create', '-f', 'qcow2', '-o', 'cluster_size=2M', path, '60T'),
    ],
    ['a gzip file', 'IMAGE_FORMAT_REFUSED', (path) => writeFile(path, gzipSync('x'))],
    ['a vmdk', 'IMAGE_FORMAT_REFUSED', (path) => images.qemuImg('create', '-f', 'vmdk', path, '1M')],
    [
      'a fixed vhd',
      'IMAGE_FORMAT_REFUSED',
      (path) => images.qemuImg('create', '-f', 'vpc', '-o', 'subformat=fixed', path, '1M'),
    ],
    ['a vhdx', 'IMAGE_FORMAT_REFUSED', (path) => images.qemuImg('create', '-f', 'vhdx', path, '1M')],
    ['a vdi', 'IMAGE_FORMAT_REFUSED', (path) => images.qemuImg('create', '-f', 'vdi', path, '1M')],
    ['a qcow of version 1', 'IMAGE_FORMAT_REFUSED', (path) => images.qemuImg('create', '-f', 'qcow', path, '1M')],
    ['a qed', 'IMAGE_FORMAT_REFUSED', (path) => images.qemuImg('create', '-f', 'qed', path, '1M')],
    [
      'a bare ext4 file system',
      'IMAGE_FORMAT_REFUSED',
      (path) => promisify(execFile)('/sbin/mke2fs', ['-qt', 'ext4', path, '4M']),
    ],
    ['zeros', 'IMAGE_FORMAT_REFUSED', (path) => writeFile(path, Buffer.alloc(4096))],
  ]
  it.each(hostile)('%s: %s', async (_, code, make) => {
    const path = images.at('input.qcow2')
    await make(path)
    await using qemuImg = await fakeQemuImg('exit 0')

    expect(await errorOf(inspectInput(path))).toMatchObject({ code, exitCode: 4 })
    expect(await qemuImg.calls()).toEqual([])
  })

  it('(and the record works: a sound image does run it)', async () => {
    const path = await images.qcow2Disk('disk.qcow2')
    await using qemuImg = await fakeQemuImg(`echo '{"virtual-size": 67108864}'`)

    await inspectInput(path)

    expect(await qemuImg.calls()).toEqual([
      `info -f qcow2 --output=json ${path}`,
      `check -f qcow2 --output=json ${path}`,
    ])
  })
})

async function overlay(path: string, backing: string): Promise<unknown> {
  return images.qemuImg('create', '-u', '-f', 'qcow2', '-F', 'raw', '-b', backing, path, '1M')
}

/** Counts a free cluster as used: in a file of few clusters the first refcount block is in the third one. */
async function leakOneCluster(path: string): Promise<void> {
  await copyFile(path, `${path}.before`)
  await using file = await open(path, 'r+')
  const { size } = await file.stat()
  const refcountTable = Buffer.alloc(8)
  await file.read(refcountTable, 0, 8, 65536)
  const block = Number(refcountTable.readBigUInt64BE())
  await file.write(Buffer.from([0, 1]), 0, 2, block + 2 * Math.ceil(size / 65536))
  await file.truncate((Math.ceil(size / 65536) + 1) * 65536)
}

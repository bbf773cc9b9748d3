import { lstat, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compactImage } from '../../../src/image/compact.js'
import { inspectInput } from '../../../src/image/inspect-input.js'
import {
  checkWorkImage,
  createWorkImage,
  createWorkImageOverCopy,
  virtualSizeOf,
  type WorkImage,
} from '../../../src/image/work-image.js'
import { fakeQemuImg } from './fake-qemu-img.js'
import { errorOf, type Images, someImages } from './real-images.js'

let images: Images
beforeEach(async () => {
  images = await someImages()
})
afterEach(() => images[Symbol.asyncDispose]())

async function workOver(path: string, dirName = 'work'): Promise<WorkImage> {
  await mkdir(images.at(dirName))
  const input = await inspectInput(path)
  return createWorkImage({ input, path: join(images.at(dirName), 'work.qcow2'), backingName: 'input.img' })
}

describe('the work image', () => {
  it('goes from layer to compact copy: same disk, no backing file, input untouched', async () => {
    const path = await images.qcow2Disk('disk.qcow2')
    const before = await readFile(path)
    const work = await workOver(path)

    await images.qemuIo(work.path, 'write -P 0x33 20M 1M')
    expect(await checkWorkImage(work)).toEqual([])
    await compactImage(work.path, images.at('out.qcow2'))

    expect(await images.qemuImg('compare', '-f', 'qcow2', '-F', 'qcow2', work.path, images.at('out.qcow2'))).toContain(
      'identical',
    )
    expect(JSON.parse(await images.qemuImg('info', '--output=json', images.at('out.qcow2')))).not.toHaveProperty(
      'backing-filename',
    )
    expect(await inspectInput(images.at('out.qcow2'))).toMatchObject({
      format: 'qcow2',
      virtualSizeBytes: 64 * 2 ** 20,
    })
    expect((await readFile(path)).equals(before)).toBe(true)
  })

  it('is compacted into the same bytes each time, without what was deleted', async () => {
    const work = await workOver(await images.qcow2Disk('disk.qcow2'))
    await images.qemuIo(work.path, 'write -P 0x77 30M 8M', 'discard 30M 8M')

    await compactImage(work.path, images.at('one.qcow2'))
    await compactImage(work.path, images.at('two.qcow2'))

    const one = await readFile(images.at('one.qcow2'))
    expect(one.equals(await readFile(images.at('two.qcow2')))).toBe(true)
    expect(one.includes(Buffer.alloc(512, 0x77))).toBe(false)
    expect(one.length).toBeLessThan(5 * 2 ** 20)
  })

  it('lies over a raw disk, and in directories with hostile names', async () => {
    const path = await images.rawDisk('-a b,c:\'"\\=#\n🥐.img')

    const work = await workOver(path, 'nbd:w,o=r\nk "\'\\')

    expect(await checkWorkImage(work)).toEqual([])
    expect(await virtualSizeOf(work.path, 'qcow2', 'input.img')).toBe(64 * 2 ** 20)
    expect(await virtualSizeOf(path, 'raw')).toBe(64 * 2 ** 20)
  })

  it('can lie over a copy, and has the same small clusters then, so that deleted data goes', async () => {
    const input = await inspectInput(await images.qcow2Disk('disk.qcow2'))

    const work = await createWorkImageOverCopy({ input, path: images.at('work.qcow2'), backingName: 'input.img' })

    expect(await checkWorkImage(work)).toEqual([])
    expect(await images.qemuImg('compare', input.path, work.path)).toContain('identical')
    expect(JSON.parse(await images.qemuImg('info', '--output=json', work.path))).toMatchObject({ 'cluster-size': 4096 })
    expect((await lstat(images.at('input.img'))).isFile()).toBe(true)
  })

  it('may be resized, and flattened, by a host script', async () => {
    const work = await workOver(await images.qcow2Disk('disk.qcow2'))
    await images.qemuImg('resize', '-f', 'qcow2', work.path, '1G')
    await images.qemuImg('convert', '-f', 'qcow2', '-O', 'qcow2', work.path, images.at('flat'))
    expect(await virtualSizeOf(work.path, 'qcow2', 'input.img')).toBe(2 ** 30)

    await rename(images.at('flat'), work.path)

    expect(await checkWorkImage(work)).toEqual([])
  })

  const harm: readonly [string, RegExp, (work: WorkImage) => Promise<unknown>][] = [
    ['removed', /gone/, (work) => rm(work.path)],
    ['emptied', /not start like a qcow2/, (work) => writeFile(work.path, '')],
    ['replaced by raw bytes', /not start like a qcow2/, (work) => writeFile(work.path, Buffer.alloc(4096))],
    [
      'replaced by a link',
      /not a regular file/,
      async (work) => {
        await rename(work.path, `${work.path}.real`)
        await symlink(`${work.path}.real`, work.path)
      },
    ],
    [
      'put over another backing file',
      /"\/etc\/passwd"/,
      (work) => images.qemuImg('rebase', '-u', '-f', 'qcow2', '-F', 'raw', '-b', '/etc/passwd', work.path),
    ],
    [
      'told that its backing file is raw',
      /format of its backing file/,
      (work) => images.qemuImg('rebase', '-u', '-f', 'qcow2', '-F', 'raw', '-b', 'input.img', work.path),
    ],
    ['robbed of the link to the input', /link to the input/, (work) => rm(work.backing?.linkPath ?? '')],
    [
      'cut short',
      /found [1-9]\d* errors/,
      async (work) => {
        await images.qemuIo(work.path, 'write 20M 8M')
        await writeFile(work.path, (await readFile(work.path)).subarray(0, 2 * 2 ** 20))
      },
    ],
  ]
  it.each(harm)('is refused after it was %s', async (_, why, damage) => {
    const work = await workOver(await images.qcow2Disk('disk.qcow2'))
    await damage(work)

    expect(await errorOf(checkWorkImage(work))).toMatchObject({
      code: 'HOST_SCRIPT_BROKE_IMAGE',
      exitCode: 6,
      why: expect.stringMatching(why),
    })
  })
})

describe('a full disk', () => {
  it('is said so, and the half-made candidate is removed', async () => {
    const work = await workOver(await images.qcow2Disk('disk.qcow2'))
    const candidate = images.at('out.qcow2')
    await using _ = await fakeQemuImg(
      `echo half > '${candidate}'; echo 'qemu-img: error while writing at byte 0: No space left on device' >&2; exit 1`,
    )

    const error = await errorOf(compactImage(work.path, candidate))

    expect(error).toMatchObject({ code: 'NO_SPACE', exitCode: 9, why: expect.stringContaining('No space left') })
    await expect(readFile(candidate)).rejects.toThrow('ENOENT')
  })
})

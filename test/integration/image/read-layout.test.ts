import { readdir, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readDiskLayout } from '../../../src/image/read-layout.js'
import { aGptDisk, anMbrDisk, ESP, LINUX } from '../../unit/image/a-disk.js'
import { errorOf, type Images, someImages } from './real-images.js'

let images: Images
beforeEach(async () => {
  images = await someImages()
})
afterEach(() => images[Symbol.asyncDispose]())

describe('readDiskLayout', () => {
  it('reads the table inside a qcow2 file and leaves nothing behind', async () => {
    const path = await images.qcow2Disk('disk.qcow2')

    const layout = await readDiskLayout({ path, format: 'qcow2' }, images.dir)

    expect(layout).toMatchObject({ table: 'gpt', hasEsp: true, hasBiosBoot: false })
    expect(layout.partitions.map(({ firstSector }) => firstSector)).toEqual([2048, 10240])
    expect(await readdir(images.dir)).toEqual(['disk.qcow2'])
  })

  it('reads a raw boot sector of 512 bytes', async () => {
    const disk = anMbrDisk([], 512)
    disk.writeUInt8(0xfa, 0)
    await writeFile(images.at('tiny.img'), disk)

    expect(await readDiskLayout({ path: images.at('tiny.img'), format: 'raw' }, images.dir)).toEqual({
      table: 'mbr',
      partitions: [],
      hasEsp: false,
      hasBiosBoot: true,
    })
  })

  it('refuses a disk that is made for another processor', async () => {
    const arm = { type: 'b921b045-1df0-41c3-af44-4c6f280d3fae', first: 4096, last: 8191 }
    await writeFile(images.at('arm.img'), aGptDisk([{ type: ESP, first: 2048, last: 4095 }, arm]))

    const error = await errorOf(readDiskLayout({ path: images.at('arm.img'), format: 'raw' }, images.dir))

    expect(error).toMatchObject({ code: 'IMAGE_FOREIGN_SYSTEM', exitCode: 4 })
    expect(error.message).toContain('64-bit ARM')
  })

  const refused: readonly [string, Buffer, RegExp][] = [
    ['zeros', Buffer.alloc(81920), /no partition table/],
    [
      'a GPT without ESP and boot code',
      aGptDisk([{ type: LINUX, first: 2048, last: 4095 }]),
      /GPT lists 1 partitions, none/,
    ],
    ['an MBR without boot code', anMbrDisk([0x83]), /MBR lists 1 partitions/],
  ]
  it.each(refused)('refuses %s', async (_, disk, why) => {
    await writeFile(images.at('disk.img'), disk)

    const error = await errorOf(readDiskLayout({ path: images.at('disk.img'), format: 'raw' }, images.dir))

    expect(error).toMatchObject({ code: 'IMAGE_NOT_BOOTABLE', exitCode: 4, why: expect.stringMatching(why) })
  })
})

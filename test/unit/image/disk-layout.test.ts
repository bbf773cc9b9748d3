import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foreignSystem, readDiskTable, rootPartition } from '../../../src/image/disk-layout.js'
import { aGptDisk, anMbrDisk, BIOS_BOOT, ESP, LINUX, partUuid, sealGpt } from './a-disk.js'

const cloudDisk = () =>
  aGptDisk([
    { type: LINUX, first: 262144, last: 4194270 },
    { type: BIOS_BOOT, first: 2048, last: 8191 },
    { type: ESP, first: 8192, last: 262143 },
  ])

describe('readDiskTable', () => {
  it('reads the partitions of a GPT with their types and places', () => {
    expect(readDiskTable(cloudDisk())).toEqual({
      ok: true,
      layout: {
        table: 'gpt',
        partitions: [
          { number: 1, type: LINUX, uuid: partUuid(1), firstSector: 262144, sectors: 3932127 },
          { number: 2, type: BIOS_BOOT, uuid: partUuid(2), firstSector: 2048, sectors: 6144 },
          { number: 3, type: ESP, uuid: partUuid(3), firstSector: 8192, sectors: 253952 },
        ],
        hasEsp: true,
        hasBiosBoot: false,
      },
    })
  })

  it('sees boot code in the first sector', () => {
    const disk = cloudDisk()
    disk.writeUInt8(0xeb, 0)

    expect(readDiskTable(disk)).toMatchObject({ layout: { hasEsp: true, hasBiosBoot: true } })
  })

  it('does not take the disk signature for boot code', () => {
    const disk = anMbrDisk([0x83])
    disk.writeUInt32LE(0xdeadbeef, 440)

    expect(readDiskTable(disk)).toMatchObject({ layout: { hasBiosBoot: false } })
  })

  it('reads an MBR, and an EFI system partition in it', () => {
    expect(readDiskTable(anMbrDisk([0x83, 0xef]))).toMatchObject({
      layout: {
        table: 'mbr',
        partitions: [
          { number: 1, type: '83', firstSector: 2048, sectors: 2048 },
          { number: 2, type: 'ef', firstSector: 4096, sectors: 2048 },
        ],
        hasEsp: true,
      },
    })
  })

  it('takes a bare boot sector as a disk that a BIOS can start', () => {
    const disk = anMbrDisk([], 512)
    disk.writeUInt8(0xfa, 0)

    expect(readDiskTable(disk)).toMatchObject({ layout: { table: 'mbr', partitions: [], hasBiosBoot: true } })
  })

  const damaged: readonly [string, (disk: Buffer) => void, RegExp][] = [
    ['a wrong header checksum', (disk) => void disk.writeUInt8(1, 512 + 60), /checksum of its header/],
    ['a wrong entries checksum', (disk) => void disk.writeUInt8(1, 1024 + 60), /checksum of its entries/],
    ['a header of 4 GiB', (disk) => void disk.writeUInt32LE(0xffffffff, 512 + 12), /4294967295 bytes/],
    [
      'four thousand million entries',
      (disk) => {
        disk.writeUInt32LE(0xffffffff, 512 + 80)
        sealGpt(disk)
      },
      /4294967295 entries/,
    ],
    [
      'entries at the end of the world',
      (disk) => {
        disk.writeBigUInt64LE(2n ** 63n, 512 + 72)
        sealGpt(disk)
      },
      /entries are at byte/,
    ],
    [
      'a partition that ends before it begins',
      (disk) => {
        disk.writeBigUInt64LE(1n, 1024 + 40)
        sealGpt(disk)
      },
      /partition 1 ends before/,
    ],
    ['a lost GPT behind its protective MBR', (disk) => void disk.fill(0, 512, 1024), /GPT is gone/],
    ['no signature', (disk) => void disk.fill(0, 0, 1024), /no partition table/],
  ]
  it.each(damaged)('refuses %s', (_, damage, words) => {
    const disk = cloudDisk()
    damage(disk)

    expect(readDiskTable(disk)).toEqual({ ok: false, message: expect.stringMatching(words) })
  })

  it('refuses the boot sector of a file system, whose table area is program code', () => {
    const disk = anMbrDisk([])
    disk.fill('NTLDR is missing', 446, 510)

    expect(readDiskTable(disk)).toEqual({ ok: false, message: 'the first sector is not a partition table' })
  })

  it.each([
    ['a Linux for 64-bit ARM (aarch64)', [ESP, 'b921b045-1df0-41c3-af44-4c6f280d3fae']],
    ['a Windows', [ESP, 'e3c9e316-0b5c-4db8-817d-f92df00215ae', 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7']],
    [undefined, [ESP, LINUX]],
    [undefined, [ESP, 'e3c9e316-0b5c-4db8-817d-f92df00215ae', LINUX]],
    [undefined, [ESP, '4f68bce3-e8cd-4db1-96e7-fbcaf984b709', 'b921b045-1df0-41c3-af44-4c6f280d3fae']],
    [undefined, []],
  ])('takes for %s a disk with the partition types %j', (foreign, types) => {
    const reading = readDiskTable(aGptDisk(types.map((type, at) => ({ type, first: 2048 + at, last: 2048 + at }))))

    expect(reading.ok && foreignSystem(reading.layout)).toBe(foreign)
  })

  it('never throws, whatever the bytes are', () => {
    const changes = fc.array(fc.tuple(fc.nat(2047), fc.nat(255)), { maxLength: 20 })
    fc.assert(
      fc.property(changes, fc.nat(4096), fc.boolean(), (list, length, sealed) => {
        const disk = cloudDisk()
        for (const [at, value] of list) disk[at] = value
        if (sealed && disk.readUInt32LE(592) * disk.readUInt32LE(596) < 60_000) sealGpt(disk)
        const start = sealed ? disk : disk.subarray(0, length)

        expect(readDiskTable(start).ok).toBeTypeOf('boolean')
      }),
      { numRuns: 3000 },
    )
  })
})

describe('rootPartition', () => {
  const X86_ROOT = '4f68bce3-e8cd-4db1-96e7-fbcaf984b709'
  const rootOf = (disk: Buffer) => {
    const reading = readDiskTable(disk)
    return reading.ok ? rootPartition(reading.layout)?.uuid : reading.message
  }

  it('is the one of the type for it, else the largest Linux one', () => {
    const boot = { type: LINUX, first: 2048, last: 4095 }
    const large = { type: LINUX, first: 4096, last: 90000 }

    expect(rootOf(aGptDisk([boot, large, { type: ESP, first: 90001, last: 900000 }]))).toBe(partUuid(2))
    expect(rootOf(aGptDisk([large, { type: X86_ROOT, first: 100, last: 200 }]))).toBe(partUuid(2))
  })

  it('is named by the disk signature and the number on an MBR, as Linux does', () => {
    const disk = anMbrDisk([0xef, 0x83])
    disk.writeUInt32LE(0x9a3c1f02, 440)

    expect(rootOf(disk)).toBe('9a3c1f02-02')
  })

  it('is not known when no partition is a Linux file system', () => {
    expect(rootOf(aGptDisk([{ type: ESP, first: 8192, last: 262143 }]))).toBeUndefined()
    expect(rootOf(anMbrDisk([0x8e]))).toBeUndefined()
  })
})

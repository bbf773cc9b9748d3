import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { biosBootSector, biosCoreImage } from '../../../src/demo/bios-boot.js'

describe('biosBootSector', () => {
  it('writes the sector of core.img, little-endian, at 0x5c', () => {
    const sector = biosBootSector(bootImage(), Buffer.alloc(512), 0x0807)

    expect(sector.subarray(0x5c, 0x64).toString('hex')).toBe('0708000000000000')
  })

  it('takes the boot drive from the BIOS and turns its check on', () => {
    const sector = biosBootSector(bootImage(), Buffer.alloc(512), 2048)

    expect(sector[0x64]).toBe(0xff)
    expect(sector.subarray(0x66, 0x68).toString('hex')).toBe('9090')
  })

  it('keeps the parameter block, the disk signature and the partition table of the disk, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 512, maxLength: 512 }), (old) => {
        const sector = biosBootSector(bootImage(), old, 2048)

        expect([...sector.subarray(0x03, 0x5a)]).toEqual([...old.subarray(0x03, 0x5a)])
        expect([...sector.subarray(0x1b8, 0x1fe)]).toEqual([...old.subarray(0x1b8, 0x1fe)])
      }),
    )
  })

  it('leaves all other code bytes and the signature as in boot.img', () => {
    const image = bootImage()

    const sector = biosBootSector(image, Buffer.alloc(512), 2048)

    expect([...sector.subarray(0x68, 0x1b8)]).toEqual([...image.subarray(0x68, 0x1b8)])
    expect([...sector.subarray(0, 3)]).toEqual([...image.subarray(0, 3)])
    expect(sector.subarray(0x1fe).toString('hex')).toBe('55aa')
  })

  it('does not write into its inputs', () => {
    const image = bootImage()
    const before = Buffer.from(image)

    biosBootSector(image, Buffer.alloc(512, 7), 2048)

    expect(image.equals(before)).toBe(true)
  })

  it.each([
    ['boot.img of the wrong size', Buffer.alloc(511), Buffer.alloc(512)],
    ['a first sector of the wrong size', bootImage(), Buffer.alloc(4096)],
    ['boot.img without its signature', Buffer.alloc(512), Buffer.alloc(512)],
  ])('refuses %s', (_defect, image, first) => {
    expect(() => biosBootSector(image, first, 2048)).toThrow()
  })
})

describe('biosCoreImage', () => {
  it('points the only block at the sector after its own, with count and load segment', () => {
    const core = biosCoreImage(Buffer.alloc(29_507, 0xcc), 2048)

    expect(core.readBigUInt64LE(0x1f4)).toBe(2049n)
    expect(core.readUInt16LE(0x1fc)).toBe(57)
    expect(core.readUInt16LE(0x1fe)).toBe(0x820)
  })

  it('covers every byte after the first sector, for any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 513, max: 100_000 }), fc.integer({ min: 1, max: 2 ** 40 }), (size, first) => {
        const core = biosCoreImage(Buffer.alloc(size), first)

        expect(core.length % 512).toBe(0)
        expect(core.length).toBeGreaterThanOrEqual(size)
        expect(core.length).toBeLessThan(size + 512)
        expect(core.readUInt16LE(0x1fc)).toBe(core.length / 512 - 1)
      }),
    )
  })

  it('changes nothing but the block list and pads with zeros', () => {
    const image = Buffer.alloc(1000, 0xcc)

    const core = biosCoreImage(image, 2048)

    expect(core.subarray(0, 0x1f4).equals(image.subarray(0, 0x1f4))).toBe(true)
    expect(core.subarray(512, 1000).equals(image.subarray(512))).toBe(true)
    expect(core.subarray(1000).every((byte) => byte === 0)).toBe(true)
  })

  it.each([0, 512, 512 + 0xffff * 512 + 1])('refuses a core.img of %d bytes', (size) => {
    expect(() => biosCoreImage(Buffer.alloc(size), 2048)).toThrow()
  })
})

/** As large as the real one and with its signature; all other bytes 0xcc. */
function bootImage(): Buffer {
  const image = Buffer.alloc(512, 0xcc)
  image.writeUInt16LE(0xaa55, 0x1fe)
  return image
}

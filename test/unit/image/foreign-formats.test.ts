import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { recogniseBareVolume, recogniseForeign } from '../../../src/image/foreign-formats.js'

function at(offset: number, bytes: string | readonly number[], length = 70_000): Buffer {
  const head = Buffer.alloc(length)
  Buffer.from(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes)).copy(head, offset)
  return head
}

const foreign: readonly [string, Buffer, RegExp][] = [
  ['gzip', gzipSync('disk'), /gunzip/],
  ['xz', at(0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), /xz -d/],
  ['zstd', at(0, [0x28, 0xb5, 0x2f, 0xfd]), /zstd -d/],
  ['bzip2', at(0, 'BZh91AY&SY'), /bunzip2/],
  ['zip', at(0, 'PK\x03\x04'), /unzip/],
  ['7z', at(0, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]), /7z x/],
  ['tar', at(257, 'ustar'), /tar -xf/],
  ['html', Buffer.from('\n<!DOCTYPE html><title>404</title>'), /download the image again/],
  ['text', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:…\n'), /disk image itself/],
  ['vmdk', at(0, 'KDMV'), /-f vmdk/],
  ['vmdk', Buffer.from('# Disk DescriptorFile\nversion=1\n'), /-f vmdk/],
  ['vhd', at(0, 'conectix'), /-f vpc/],
  ['vhdx', at(0, 'vhdxfile'), /-f vhdx/],
  ['vdi', at(64, [0x7f, 0x10, 0xda, 0xbe]), /-f vdi/],
  ['iso9660', at(32769, 'CD001'), /install from it/],
  ['qcow1', at(0, [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 1]), /-f qcow /],
  ['qed', at(0, 'QED\0'), /-f qed/],
  ['luks', at(0, [0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe]), /decrypted/],
  ['squashfs', at(0, 'hsqs'), /whole disk/],
]

describe('recogniseForeign', () => {
  it.each(foreign)('knows %s and says what helps', (name, head, help) => {
    expect(recogniseForeign(head)).toMatchObject({ name, help: expect.stringMatching(help) })
  })

  it('knows a fixed-size vhd by its last sector', () => {
    expect(recogniseForeign(at(0, ''), at(0, 'conectix', 512))).toMatchObject({ name: 'vhd' })
  })

  it('sees the ISO in a hybrid ISO that has a partition table as well', () => {
    const hybrid = at(32769, 'CD001')
    hybrid.writeUInt16BE(0x55aa, 510)

    expect(recogniseForeign(hybrid)).toMatchObject({ name: 'iso9660' })
  })

  it('says nothing about zeros, no bytes, or a boot sector', () => {
    expect(recogniseForeign(at(0, ''))).toBeUndefined()
    expect(recogniseForeign(Buffer.alloc(0))).toBeUndefined()
    expect(recogniseForeign(at(0, [0xeb, 0x63, 0x90]))).toBeUndefined()
  })
})

describe('recogniseBareVolume', () => {
  const bare: readonly [string, Buffer][] = [
    ['ext4', at(1080, [0x53, 0xef])],
    ['xfs', at(0, 'XFSB')],
    ['btrfs', at(65600, '_BHRfS_M')],
    ['lvm', at(512, 'LABELONE')],
    ['fat', at(82, 'FAT32   ')],
    ['gpt-4096', at(4096, 'EFI PART')],
  ]
  it.each(bare)('knows %s', (name, head) => {
    expect(recogniseBareVolume(head)).toMatchObject({ name })
  })
})

/**
 * Recognises files that are not disk images we take, by their magic numbers, to say what helps.
 *
 * The bytes are data, never trusted: a match only chooses a sentence.
 */
import { isText } from './text-file.js'

export interface ForeignFormat {
  readonly name: string
  /** What it is, to follow "this is". */
  readonly what: string
  /** The command or step that helps; FILE and NAME stand for the user's file. */
  readonly help: string
}

/**
 * Names the foreign format of a file from its first bytes (64 KiB are enough) and its last 512.
 *
 * @returns undefined when nothing known matches, which does not mean that it is a disk image.
 */
export function recogniseForeign(head: Buffer, tail: Buffer = NOTHING): ForeignFormat | undefined {
  const signature = SIGNATURES.find((one) => one.magics.some(({ at, bytes }) => hasBytes(head, at, bytes)))
  if (signature !== undefined) return signature
  if (hasBytes(tail, 0, latin1('conectix'))) return VHD
  if (isText(head)) return textFormat(head)
  return undefined
}

/** Names a file system or volume without a partition table: only to be asked when no partition table was found. */
export function recogniseBareVolume(head: Buffer): ForeignFormat | undefined {
  return BARE_VOLUMES.find((one) => one.magics.some(({ at, bytes }) => hasBytes(head, at, bytes)))
}

interface Magic {
  readonly at: number
  readonly bytes: Buffer
}

interface Signature extends ForeignFormat {
  readonly magics: readonly Magic[]
}

function textFormat(head: Buffer): ForeignFormat {
  const start = head.subarray(0, 1024).toString('utf8').trimStart().toLowerCase()
  if (start.startsWith('# disk descriptorfile')) return VMDK
  if (/^(<!doctype html|<html|<\?xml|<head|<!--)/.test(start)) {
    return {
      name: 'html',
      what: 'a web page, not a disk image',
      help: 'download the image again: what came was probably an error or login page',
    }
  }
  return { name: 'text', what: 'a text file, not a disk image', help: 'give the disk image itself' }
}

function hasBytes(data: Buffer, at: number, bytes: Buffer): boolean {
  return data.length >= at + bytes.length && data.compare(bytes, 0, bytes.length, at, at + bytes.length) === 0
}

function hex(digits: string, at = 0): Magic {
  return { at, bytes: Buffer.from(digits, 'hex') }
}

function text(characters: string, at = 0): Magic {
  return { at, bytes: latin1(characters) }
}

function latin1(characters: string): Buffer {
  return Buffer.from(characters, 'latin1')
}

function decompress(command: string): string {
  return `decompress it first: ${command}`
}

function convert(format: string): string {
  return `convert it first: qemu-img convert -f ${format} -O qcow2 FILE NAME.qcow2`
}

const NOTHING = Buffer.alloc(0)
const WHOLE_DISK = 'give an image of the whole disk, with its partition table'
const VMDK = { name: 'vmdk', what: 'a VMware disk (vmdk)', help: convert('vmdk') }
const VHD = { name: 'vhd', what: 'a Virtual PC or Azure disk (vhd)', help: convert('vpc') }

const SIGNATURES: readonly Signature[] = [
  { name: 'gzip', what: 'gzip', help: decompress('gunzip -c FILE > NAME'), magics: [hex('1f8b08')] },
  { name: 'xz', what: 'xz', help: decompress('xz -dk FILE'), magics: [hex('fd377a585a00')] },
  { name: 'zstd', what: 'zstd', help: decompress('zstd -d FILE -o NAME'), magics: [hex('28b52ffd')] },
  { name: 'lz4', what: 'lz4', help: decompress('lz4 -d FILE NAME'), magics: [hex('04224d18')] },
  {
    name: 'bzip2',
    what: 'bzip2',
    help: decompress('bunzip2 -c FILE > NAME'),
    // "BZh", a digit for the block size, then the magic of a block or of the end of an empty stream.
    magics: [...'123456789'].flatMap((level) => [
      { at: 0, bytes: Buffer.concat([latin1(`BZh${level}`), Buffer.from('314159265359', 'hex')]) },
      { at: 0, bytes: Buffer.concat([latin1(`BZh${level}`), Buffer.from('177245385090', 'hex')]) },
    ]),
  },
  {
    name: 'zip',
    what: 'a zip archive',
    help: 'unpack it first: unzip FILE',
    magics: [text('PK\x03\x04'), text('PK\x05\x06')],
  },
  { name: '7z', what: 'a 7z archive', help: 'unpack it first: 7z x FILE', magics: [hex('377abcaf271c')] },
  { name: 'tar', what: 'a tar archive', help: 'unpack it first: tar -xf FILE', magics: [text('ustar', 257)] },
  { ...VMDK, magics: [text('KDMV'), text('COWD')] },
  { ...VHD, magics: [text('conectix')] },
  { name: 'vhdx', what: 'a Hyper-V disk (vhdx)', help: convert('vhdx'), magics: [text('vhdxfile')] },
  { name: 'vdi', what: 'a VirtualBox disk (vdi)', help: convert('vdi'), magics: [hex('7f10dabe', 64)] },
  { name: 'qcow1', what: 'a qcow image of version 1', help: convert('qcow'), magics: [hex('514649fb00000001')] },
  { name: 'qed', what: 'a QED disk', help: convert('qed'), magics: [text('QED\0')] },
  {
    name: 'parallels',
    what: 'a Parallels disk',
    help: convert('parallels'),
    magics: [text('WithoutFreeSpace'), text('WithouFreSpacExt')],
  },
  // A hybrid ISO has a partition table as well, so this comes before any look at one.
  {
    name: 'iso9660',
    what: 'a CD or DVD image (iso9660)',
    help: 'install from it into a disk, or take the cloud image of the distribution (qcow2)',
    magics: [text('CD001', 32769)],
  },
  {
    name: 'luks',
    what: 'an encrypted volume (LUKS)',
    help: 'an encrypted disk cannot be rewritten; give the image decrypted',
    magics: [hex('4c554b53babe')],
  },
  { name: 'squashfs', what: 'a squashfs file system', help: WHOLE_DISK, magics: [text('hsqs')] },
]

const BARE_VOLUMES: readonly Signature[] = [
  {
    name: 'ext4',
    what: 'an ext2/3/4 file system without a partition table',
    help: WHOLE_DISK,
    magics: [hex('53ef', 1080)],
  },
  { name: 'xfs', what: 'an XFS file system without a partition table', help: WHOLE_DISK, magics: [text('XFSB')] },
  {
    name: 'btrfs',
    what: 'a btrfs file system without a partition table',
    help: WHOLE_DISK,
    magics: [text('_BHRfS_M', 65600)],
  },
  {
    name: 'lvm',
    what: 'an LVM physical volume without a partition table',
    help: WHOLE_DISK,
    magics: [text('LABELONE', 512)],
  },
  {
    name: 'fat',
    what: 'a FAT or NTFS file system without a partition table',
    help: WHOLE_DISK,
    magics: [
      text('FAT12   ', 54),
      text('FAT16   ', 54),
      text('FAT32   ', 82),
      text('NTFS    ', 3),
      text('EXFAT   ', 3),
    ],
  },
  {
    name: 'gpt-4096',
    what: 'a disk with a partition table for sectors of 4096 bytes, which virtual machines do not start from a disk of 512',
    help: 'give an image made for sectors of 512 bytes',
    magics: [text('EFI PART', 4096)],
  },
]

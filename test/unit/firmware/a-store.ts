import type { StoredVariable } from '../../../src/firmware/store-types.js'
import { GUID } from '../../../src/firmware/variable.js'
import { emptyWorkingBlock } from '../../../src/firmware/working-block.js'

/** The two builds of OVMF. Bytes: the volume, and the checksum of its header as Debian's files have it. */
export const BUILDS = {
  '2M': { volumeBytes: 0x20000, liveBytes: 0xe000, checksum: 0xf919 },
  '4M': { volumeBytes: 0x84000, liveBytes: 0x40000, checksum: 0xb8af },
} as const

/** An empty variable file, written out by hand: what Debian's OVMF_VARS.fd and OVMF_VARS_4M.fd are, byte for byte. */
export function anEmptyStore(build: keyof typeof BUILDS = '2M'): Buffer {
  const { volumeBytes, liveBytes, checksum } = BUILDS[build]
  const file = Buffer.alloc(volumeBytes, 0xff)
  file.fill(0, 0, 0x48)
  file.write('8d2bf1ff96768b4ca9852747075b4f50', 0x10, 'hex')
  file.writeBigUInt64LE(BigInt(volumeBytes), 0x20)
  file.write('_FVH', 0x28, 'latin1')
  file.writeUInt32LE(0x4feff, 0x2c)
  file.writeUInt16LE(0x48, 0x30)
  file.writeUInt16LE(checksum, 0x32)
  file.writeUInt8(2, 0x37)
  file.writeUInt32LE(volumeBytes / 0x1000, 0x38)
  file.writeUInt32LE(0x1000, 0x3c)
  file.write('782cf3aa7b949a43a1802e144ec37792', 0x48, 'hex')
  file.writeUInt32LE(liveBytes - 0x48, 0x58)
  file.write('5afe000000000000', 0x5c, 'hex')
  emptyWorkingBlock().copy(file, liveBytes + 0x1000)
  return file
}

export function aVariable(parts: Partial<StoredVariable> = {}): StoredVariable {
  return { name: 'Timeout', guid: GUID.global, attributes: 7, data: Buffer.from('0500', 'hex'), ...parts }
}

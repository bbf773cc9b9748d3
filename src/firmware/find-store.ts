import { guidText } from './guid.js'
import { FILE_VOLUME_GUIDS, NV_DATA_VOLUME_GUID, VOLUME } from './store-layout.js'

/**
 * Where the variable volume of a firmware or variable file begins; undefined when there is none.
 *
 * Volumes of files are stepped over as wholes, so that what looks like a volume inside of them is not taken for one.
 */
export function findStore(file: Buffer): number | undefined {
  let offset = 0
  while (offset + VOLUME.fixedBytes <= file.length) {
    const guid = guidText(file, offset + VOLUME.fileSystemGuid)
    if (guid === NV_DATA_VOLUME_GUID) return offset
    offset += FILE_VOLUME_GUIDS.includes(guid) ? Math.max(volumeBytes(file, offset), STEP_BYTES) : STEP_BYTES
  }
  return undefined
}

/** The volume is followed by one with the firmware's files: this is a firmware in a single file, as for QEMU's -bios. */
export function hasFirmwareBehind(file: Buffer, volumeEnd: number): boolean {
  if (volumeEnd + VOLUME.fixedBytes > file.length) return false
  return FILE_VOLUME_GUIDS.includes(guidText(file, volumeEnd + VOLUME.fileSystemGuid))
}

function volumeBytes(file: Buffer, offset: number): number {
  return Number(file.readBigUInt64LE(offset + VOLUME.length))
}

/** Volumes begin at multiples of a block; 1 KiB is the smallest one in use. */
const STEP_BYTES = 1024

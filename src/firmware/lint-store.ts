import { cfvSection } from './cfv-section.js'
import { hasFirmwareBehind } from './find-store.js'
import { type FirmwareFinding, note, problem } from './finding.js'
import { lintRecords } from './lint-records.js'
import {
  ERASED,
  STORE,
  STORE_FORMATTED,
  STORE_HEALTHY,
  VOLUME,
  VOLUME_ATTRIBUTES,
  VOLUME_REVISION,
  VOLUME_SIGNATURE,
} from './store-layout.js'
import type { VariableStore } from './store-types.js'
import { emptyWorkingBlock, findWorkingBlock } from './working-block.js'

/**
 * Everything that the firmware itself asserts when it copies the store of a file into memory, and what hints at damage.
 *
 * A broken rule ends in a failed assertion, and the guest hangs before it shows anything.
 * Source: edk2, OvmfPkg/Library/PlatformInitLib/Platform.c, PlatformValidateNvVarStore.
 */
export function lintStore(file: Buffer, store: VariableStore): readonly FirmwareFinding[] {
  return [
    ...lintVolumeHeader(store),
    ...lintLength(file, store),
    ...lintStoreHeader(store),
    ...lintRecords(store),
    ...lintRest(store),
    ...lintWorkingBlock(store),
  ]
}

function lintVolumeHeader({ volume, headerBytes }: VariableStore): readonly FirmwareFinding[] {
  const rules: readonly (readonly [boolean, string])[] = [
    [isFilledWith(volume.subarray(0, 16), 0), 'the first 16 bytes of the variable volume are not all zero'],
    [volume.readUInt32LE(VOLUME.signature) === VOLUME_SIGNATURE, 'the variable volume has no signature _FVH'],
    [
      volume.readUInt32LE(VOLUME.attributes) === VOLUME_ATTRIBUTES,
      `the attributes of the variable volume are ${hex(volume.readUInt32LE(VOLUME.attributes))}, not ${hex(VOLUME_ATTRIBUTES)}`,
    ],
    [headerBytes % 2 === 0, `the header of the variable volume has an odd length, ${headerBytes} bytes`],
    [
      volume.readUInt8(VOLUME.revision) === VOLUME_REVISION,
      `the revision of the variable volume is ${volume.readUInt8(VOLUME.revision)}, not ${VOLUME_REVISION}`,
    ],
    [sum16(volume.subarray(0, headerBytes)) === 0, 'the checksum of the header of the variable volume is wrong'],
  ]
  return broken(rules)
}

/** The firmware was built for volumes of one length; its metadata for TDX tell which, else the file alone. */
function lintLength(file: Buffer, { volumeOffset, volumeBytes, volume }: VariableStore): readonly FirmwareFinding[] {
  if (volumeBytes > volume.length) {
    return [problem(`the variable volume has ${volumeBytes} bytes, but the file ends after ${volume.length} of them`)]
  }
  const cfv = cfvSection(file)
  if (cfv !== undefined && (cfv.bytes !== volumeBytes || cfv.offset !== volumeOffset)) {
    const stated = `${cfv.bytes} bytes at ${hex(cfv.offset)}`
    return [
      problem(`the firmware expects its variables in ${stated}, and they are ${volumeBytes} at ${hex(volumeOffset)}`),
    ]
  }
  const behind = file.length - volumeOffset - volumeBytes
  if (behind > 0 && cfv === undefined && !hasFirmwareBehind(file, volumeOffset + volumeBytes)) {
    return [note(`${behind} bytes follow the variable volume; they are kept as they are`)]
  }
  return []
}

function lintStoreHeader({ volume, volumeBytes, headerBytes }: VariableStore): readonly FirmwareFinding[] {
  const header = volume.subarray(headerBytes)
  const size = header.readUInt32LE(STORE.size)
  const [format, state] = [header.readUInt8(STORE.format), header.readUInt8(STORE.state)]
  return broken([
    [format === STORE_FORMATTED, `the variable store has the format ${hex(format)}, not ${hex(STORE_FORMATTED)}`],
    [state === STORE_HEALTHY, `the variable store has the state ${hex(state)}, not ${hex(STORE_HEALTHY)} (healthy)`],
    [size >= STORE.headerBytes, `the variable store says that it has ${size} bytes, less than its own header`],
    [
      size <= volumeBytes - headerBytes,
      `the variable store says that it has ${size} bytes, more than the ${volumeBytes - headerBytes} behind the header of its volume`,
    ],
  ])
}

/** Behind the last record nothing may be written. */
function lintRest({ volume, recordsEnd, recordsLimit, broken: why }: VariableStore): readonly FirmwareFinding[] {
  if (why !== undefined) return [problem(`${why}; records behind it are not seen`)]
  const rest = volume.subarray(recordsEnd, recordsLimit)
  // Comparing as a whole takes a hundredth of the time of looking at each byte.
  if (rest.equals(Buffer.alloc(rest.length, ERASED))) return []
  const dirty = rest.findIndex((byte) => byte !== ERASED)
  return [problem(`behind the last record, at ${hex(recordsEnd + dirty)}, there are bytes other than 0xff`)]
}

function lintWorkingBlock(store: VariableStore): readonly FirmwareFinding[] {
  const block = findWorkingBlock(store)
  if (block === undefined) return [note('there is no area for fault tolerant writes behind the store')]
  const findings: FirmwareFinding[] = []
  const header = emptyWorkingBlock().subarray(0, 32)
  if (store.volume.compare(header, 0, 32, block.offset, block.offset + 32) !== 0) {
    findings.push(note('the header of the working block for fault tolerant writes is not as in a new file'))
  }
  if (!block.isEmpty) {
    findings.push(
      note('the queue of fault tolerant writes is not empty; an edit empties it, so that no old contents are put back'),
    )
  }
  return findings
}

function broken(rules: readonly (readonly [boolean, string])[]): readonly FirmwareFinding[] {
  return rules.filter(([kept]) => !kept).map(([, text]) => problem(text))
}

function sum16(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at + 2 <= bytes.length; at += 2) sum = (sum + bytes.readUInt16LE(at)) % 0x10000
  return sum
}

function isFilledWith(bytes: Buffer, value: number): boolean {
  return bytes.every((byte) => byte === value)
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}

import { CvmError } from '../model/errors.js'
import { findStore } from './find-store.js'
import { guidText } from './guid.js'
import { liveVariables } from './live-variables.js'
import {
  AUTHENTICATED_STORE_GUID,
  aligned,
  PLAIN_STORE_GUID,
  RECORD,
  RECORD_START,
  STORE,
  VOLUME,
} from './store-layout.js'
import type { StoreRecord, VariableStore } from './store-types.js'

/**
 * Reads the variable store of a firmware or variable file, as far as it can be read; what is wrong with it is for lintStore to say.
 *
 * @param file the whole file; the result holds views of it
 * @throws CvmError FIRMWARE_FILE_REFUSED when there is no store, or none of the authenticated form.
 */
export function readStore(file: Buffer): VariableStore {
  const volumeOffset = findStore(file)
  if (volumeOffset === undefined) {
    const next = 'Give an OVMF_VARS file, or a firmware in a single file (OVMF.fd); OVMF_CODE files have no variables.'
    throw new CvmError('FIRMWARE_FILE_REFUSED', 'there is no variable store in the file', { next })
  }
  const volumeBytes = Number(file.readBigUInt64LE(volumeOffset + VOLUME.length))
  const volume = file.subarray(volumeOffset, volumeOffset + volumeBytes)
  const headerBytes = volume.length < VOLUME.fixedBytes ? 0 : volume.readUInt16LE(VOLUME.headerLength)
  const recordsStart = headerBytes + STORE.headerBytes
  if (recordsStart > volume.length) throw refused('the variable volume ends before its store begins')
  assertAuthenticated(volume, headerBytes)

  const recordsLimit = headerBytes + volume.readUInt32LE(headerBytes + STORE.size)
  const region = volume.subarray(0, Math.max(recordsStart, recordsLimit))
  const { records, recordsEnd, broken } = readRecords(region, recordsStart)
  return {
    volumeOffset,
    volume,
    volumeBytes,
    headerBytes,
    recordsStart,
    recordsLimit: region.length,
    records,
    recordsEnd,
    ...(broken === undefined ? {} : { broken }),
    variables: liveVariables(records),
  }
}

function assertAuthenticated(volume: Buffer, at: number): void {
  const guid = guidText(volume, at + STORE.guid)
  if (guid === AUTHENTICATED_STORE_GUID) return
  if (guid === PLAIN_STORE_GUID) {
    const next = 'Take the variable file of a newer OVMF; since 2013 its stores are authenticated.'
    throw new CvmError('FIRMWARE_FILE_REFUSED', 'the variable store has the old form without authentication', { next })
  }
  throw refused(`the variable volume holds no variable store but something with the GUID ${guid}`)
}

interface RecordList {
  readonly records: readonly StoreRecord[]
  readonly recordsEnd: number
  readonly broken?: string
}

function readRecords(region: Buffer, start: number): RecordList {
  const records: StoreRecord[] = []
  let offset = start
  while (offset + 2 <= region.length && region.readUInt16LE(offset) === RECORD_START) {
    if (offset + RECORD.headerBytes > region.length) {
      return { records, recordsEnd: offset, broken: `the record at ${hex(offset)} has no room for its header` }
    }
    const record = readRecord(region, offset)
    if (record === undefined) {
      return { records, recordsEnd: offset, broken: `the record at ${hex(offset)} runs past the end of the store` }
    }
    records.push(record)
    offset = aligned(offset + RECORD.headerBytes + record.nameBytes.length + record.data.length)
  }
  return { records, recordsEnd: Math.min(offset, region.length) }
}

/** undefined when its name and data are more than the store has. */
function readRecord(region: Buffer, offset: number): StoreRecord | undefined {
  const nameStart = offset + RECORD.headerBytes
  const dataStart = nameStart + region.readUInt32LE(offset + RECORD.nameBytes)
  const dataEnd = dataStart + region.readUInt32LE(offset + RECORD.dataBytes)
  if (dataEnd > region.length) return undefined
  return {
    offset,
    state: region.readUInt8(offset + RECORD.state),
    reserved: region.readUInt8(offset + RECORD.reserved),
    attributes: region.readUInt32LE(offset + RECORD.attributes),
    monotonicCount: region.readBigUInt64LE(offset + RECORD.monotonicCount),
    time: region.subarray(offset + RECORD.time, offset + RECORD.publicKeyIndex),
    publicKeyIndex: region.readUInt32LE(offset + RECORD.publicKeyIndex),
    guid: guidText(region, offset + RECORD.guid),
    nameBytes: region.subarray(nameStart, dataStart),
    data: region.subarray(dataStart, dataEnd),
    padding: region.subarray(dataEnd, aligned(dataEnd)),
  }
}

function refused(message: string): CvmError {
  return new CvmError('FIRMWARE_FILE_REFUSED', message, { next: 'The file is damaged: take it anew from its package.' })
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}

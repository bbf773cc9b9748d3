import { CvmError } from '../model/errors.js'
import { guidBytes } from './guid.js'
import { aligned, ERASED, RECORD, RECORD_START, RECORD_STATE } from './store-layout.js'
import type { StoredVariable, StoreRecord, VariableStore } from './store-types.js'
import { findWorkingBlock, resetWorkingBlock } from './working-block.js'

/**
 * The file with exactly these variables in its store: sorted by name and GUID, one live record each, nothing else.
 *
 * The same file and variables give the same bytes, whatever was in the store before. Everything outside of the store stays as it
 * is, but for a queue of unfinished writes, with which the firmware could put old contents back: it is emptied.
 *
 * @param store what readStore found in `file`
 * @param variables each name and GUID once
 * @throws CvmError VARIABLE_STORE_FULL when they need more room than there is.
 */
export function writeVariables(file: Buffer, store: VariableStore, variables: readonly StoredVariable[]): Buffer {
  assertRoom(store, variables)
  const changed = writeRecords(file, store, [...variables].sort(byNameAndGuid).map(liveRecord))
  const block = findWorkingBlock(store)
  const end = store.volumeOffset + store.volume.length
  if (block !== undefined && !block.isEmpty) resetWorkingBlock(changed.subarray(store.volumeOffset, end), block)
  return changed
}

/** The file with these records in its store, field by field, whatever their states are. They have to fit. */
export function writeRecords(
  file: Buffer,
  store: VariableStore,
  records: readonly Omit<StoreRecord, 'offset'>[],
): Buffer {
  const changed = Buffer.from(file)
  const region = changed.subarray(store.volumeOffset + store.recordsStart, store.volumeOffset + store.recordsLimit)
  region.fill(ERASED)
  let offset = 0
  for (const record of records) {
    writeHeader(region, offset, record)
    offset += RECORD.headerBytes
    for (const part of [record.nameBytes, record.data, record.padding]) offset += part.copy(region, offset)
  }
  return changed
}

/** Bytes that the records of these variables take. */
export function neededBytes(variables: readonly StoredVariable[]): number {
  return variables.reduce((sum, variable) => sum + recordBytes(variable), 0)
}

/** Bytes that one variable takes: header, name with its NUL, data, padding. */
export function recordBytes({ name, data }: StoredVariable): number {
  return aligned(RECORD.headerBytes + 2 * (name.length + 1) + data.length)
}

/** Bytes of the store for records, free or not. */
export function roomBytes({ recordsStart, recordsLimit }: VariableStore): number {
  return recordsLimit - recordsStart
}

function assertRoom(store: VariableStore, variables: readonly StoredVariable[]): void {
  const [needed, room] = [neededBytes(variables), roomBytes(store)]
  if (needed <= room) return
  const largest = [...variables].sort((a, b) => recordBytes(b) - recordBytes(a)).slice(0, LARGEST_TOLD)
  throw new CvmError('VARIABLE_STORE_FULL', `the variables need ${needed} bytes, and the store has ${room}`, {
    why: `the largest are ${largest.map((each) => `${each.name} (${recordBytes(each)})`).join(', ')}`,
  })
}

function writeHeader(region: Buffer, offset: number, record: Omit<StoreRecord, 'offset'>): void {
  region.writeUInt16LE(RECORD_START, offset + RECORD.startId)
  region.writeUInt8(record.state, offset + RECORD.state)
  region.writeUInt8(record.reserved, offset + RECORD.reserved)
  region.writeUInt32LE(record.attributes, offset + RECORD.attributes)
  region.writeBigUInt64LE(record.monotonicCount, offset + RECORD.monotonicCount)
  record.time.copy(region, offset + RECORD.time)
  region.writeUInt32LE(record.publicKeyIndex, offset + RECORD.publicKeyIndex)
  region.writeUInt32LE(record.nameBytes.length, offset + RECORD.nameBytes)
  region.writeUInt32LE(record.data.length, offset + RECORD.dataBytes)
  guidBytes(record.guid).copy(region, offset + RECORD.guid)
}

function liveRecord(variable: StoredVariable): Omit<StoreRecord, 'offset'> {
  const { name, guid, attributes, data, time = NO_TIME, monotonicCount = 0n, publicKeyIndex = 0 } = variable
  const nameBytes = Buffer.from(`${name}\0`, 'utf16le')
  const end = RECORD.headerBytes + nameBytes.length + data.length
  return {
    state: RECORD_STATE.live,
    reserved: 0,
    attributes,
    monotonicCount,
    time,
    publicKeyIndex,
    guid,
    nameBytes,
    data,
    padding: Buffer.alloc(aligned(end) - end, ERASED),
  }
}

/** By UTF-16 unit, as virt-fw-vars does for the names in use. */
export function byNameAndGuid(a: StoredVariable, b: StoredVariable): number {
  return compare(a.name, b.name) || compare(a.guid.toLowerCase(), b.guid.toLowerCase())
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

const NO_TIME = Buffer.alloc(16)
const LARGEST_TOLD = 3

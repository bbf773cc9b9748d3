import type { FirmwareVariable } from './variable.js'

/** A variable with all that a store keeps of it. */
export interface StoredVariable extends FirmwareVariable {
  /** Of the old authenticated writes; absent: 0. */
  readonly monotonicCount?: bigint
  /** Of the old authenticated writes; absent: 0. */
  readonly publicKeyIndex?: number
}

/** One record of a store, live or not, field by field as it is on flash. */
export interface StoreRecord {
  /** From the start of the volume. */
  readonly offset: number
  /** One of RECORD_STATE in a sound store. */
  readonly state: number
  readonly reserved: number
  readonly attributes: number
  readonly monotonicCount: bigint
  /** EFI_TIME, 16 bytes. */
  readonly time: Buffer
  readonly publicKeyIndex: number
  readonly guid: string
  /** UTF-16LE; in a sound store with a NUL at its end. */
  readonly nameBytes: Buffer
  readonly data: Buffer
  /** 0 to 3 bytes up to the next record; 0xFF in a sound store. */
  readonly padding: Buffer
}

/** A variable volume in a file. All buffers are views of the file. */
export interface VariableStore {
  /** Start of the volume in the file. */
  readonly volumeOffset: number
  /** The volume as far as the file has it. */
  readonly volume: Buffer
  /** What the volume says of its own length (FvLength), which may be more than the file has. */
  readonly volumeBytes: number
  readonly headerBytes: number
  /** From the volume's start: first record, and the end of the region for records. The file has all of it. */
  readonly recordsStart: number
  readonly recordsLimit: number
  readonly records: readonly StoreRecord[]
  /** From the volume's start: where the list of records ends. */
  readonly recordsEnd: number
  /** Why the list could not be read to its end; absent in a sound store. */
  readonly broken?: string
  /** What the firmware would find, in the order of the store. */
  readonly variables: readonly StoredVariable[]
}

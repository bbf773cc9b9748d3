/**
 * Offsets, magic numbers and names of the qcow2 header; no opinion.
 *
 * Source: QEMU, docs/interop/qcow2.txt, "Header". All numbers are big-endian.
 */
export const QCOW2_MAGIC = 0x514649fb // "QFI" 0xfb

/** Byte offset of each header field; the number of bits is in the comment. */
export const FIELD = {
  magic: 0, // 32
  version: 4, // 32
  backingFileOffset: 8, // 64
  backingFileSize: 16, // 32
  clusterBits: 20, // 32
  size: 24, // 64, bytes
  cryptMethod: 32, // 32: 0 none, 1 AES, 2 LUKS
  l1Size: 36, // 32, entries of 8 bytes
  l1TableOffset: 40, // 64
  refcountTableOffset: 48, // 64
  refcountTableClusters: 56, // 32
  snapshotCount: 60, // 32
  snapshotsOffset: 64, // 64
  // Version 3 only.
  incompatibleFeatures: 72, // 64
  compatibleFeatures: 80, // 64
  autoclearFeatures: 88, // 64
  refcountOrder: 96, // 32
  headerLength: 100, // 32
  compressionType: 104, // 8, only when the header is longer than 104
} as const

export const V2_HEADER_LENGTH = 72
export const V3_HEADER_LENGTH = 104

export const INCOMPATIBLE = { dirty: 0, corrupt: 1, dataFile: 2, compressionType: 3, extendedL2: 4 } as const

export const EXTENSION = {
  end: 0x00000000,
  backingFormat: 0xe2792aca,
  featureNames: 0x6803f857,
  bitmaps: 0x23852875,
  encryption: 0x0537be77,
  dataFile: 0x44415441,
} as const

/** One entry of the feature name table: type (0 = incompatible), bit, 46 bytes of name padded with zeros. */
export const FEATURE_NAME_ENTRY_BYTES = 48

/** QEMU's own limits (block/qcow2.h): QCOW_MAX_L1_SIZE, QCOW_MAX_REFTABLE_SIZE, QCOW_MAX_SNAPSHOTS. */
export const MAX_L1_BYTES = 32 * 1024 * 1024
export const MAX_REFCOUNT_TABLE_BYTES = 8 * 1024 * 1024
export const MAX_SNAPSHOTS = 65536

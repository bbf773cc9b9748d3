/**
 * Where the fields of an edk2 variable volume are, and the values they must have.
 *
 * Sources: PI 1.7 volume 3, 3.2.1 (EFI_FIRMWARE_VOLUME_HEADER); edk2, MdeModulePkg/Include/Guid/VariableFormat.h and
 * SystemNvDataGuid.h; the required values: edk2, OvmfPkg/Library/PlatformInitLib/Platform.c, PlatformValidateNvVarStore.
 */

/** Offsets from the start of the volume. */
export const VOLUME = {
  fileSystemGuid: 0x10,
  length: 0x20,
  signature: 0x28,
  attributes: 0x2c,
  headerLength: 0x30,
  revision: 0x37,
  /** Up to here everything that is read has a fixed place; the block map follows. */
  fixedBytes: 0x38,
} as const

/** EFI_SYSTEM_NV_DATA_FV_GUID: the volume holds variables. */
export const NV_DATA_VOLUME_GUID = 'fff12b8d-7696-4c8b-a985-2747075b4f50'
/** EFI_FIRMWARE_FILE_SYSTEM2_GUID and EFI_FIRMWARE_FILE_SYSTEM3_GUID: the volume holds the firmware's own files. */
export const FILE_VOLUME_GUIDS: readonly string[] = [
  '8c8ce578-8a3d-4f1c-9935-896185c32dd3',
  '5473c07a-3dcb-4dca-bd6f-1e9689e7349a',
]
/** "_FVH". */
export const VOLUME_SIGNATURE = 0x4856465f
export const VOLUME_ATTRIBUTES = 0x4feff
export const VOLUME_REVISION = 2

/** Offsets from the start of VARIABLE_STORE_HEADER, which follows the header of the volume. */
export const STORE = {
  guid: 0x00,
  size: 0x10,
  format: 0x14,
  state: 0x15,
  headerBytes: 0x1c,
} as const

/** EFI_AUTHENTICATED_VARIABLE_GUID. */
export const AUTHENTICATED_STORE_GUID = 'aaf32c78-947b-439a-a180-2e144ec37792'
/** EFI_VARIABLE_GUID: the older form, whose records have no time stamp. */
export const PLAIN_STORE_GUID = 'ddcf3616-3275-4164-98b6-fe85707ffe7d'
/** VARIABLE_STORE_FORMATTED and VARIABLE_STORE_HEALTHY. */
export const STORE_FORMATTED = 0x5a
export const STORE_HEALTHY = 0xfe

/** Offsets from the start of AUTHENTICATED_VARIABLE_HEADER; name and data follow it. */
export const RECORD = {
  startId: 0x00,
  state: 0x02,
  reserved: 0x03,
  attributes: 0x04,
  monotonicCount: 0x08,
  time: 0x10,
  publicKeyIndex: 0x20,
  nameBytes: 0x24,
  dataBytes: 0x28,
  guid: 0x2c,
  headerBytes: 0x3c,
} as const

/** VARIABLE_DATA: a record begins here. */
export const RECORD_START = 0x55aa

/** What flash holds when nothing was written. */
export const ERASED = 0xff

/** States of a record; a flash can only clear bits, so a record's life only ever takes some away. */
export const RECORD_STATE = {
  /** The header is written, name and data are not. */
  headerOnly: 0x7f,
  live: 0x3f,
  /** To be deleted as soon as its successor is written; live until then. */
  inTransition: 0x3e,
  deleted: 0x3d,
  deletedAfterTransition: 0x3c,
} as const

/** Records begin at multiples of 4. */
export function aligned(offset: number): number {
  return Math.ceil(offset / 4) * 4
}

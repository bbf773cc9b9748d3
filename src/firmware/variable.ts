/** One UEFI variable, as a person sees it. Source: UEFI 2.10, 8.2 Variable Services. */
export interface FirmwareVariable {
  readonly name: string
  /** The vendor's GUID, lower case with dashes. */
  readonly guid: string
  /** EFI_VARIABLE_* bits. */
  readonly attributes: number
  readonly data: Buffer
  /** EFI_TIME, 16 bytes; of variables with time-based authenticated writes. Absent: all zero. */
  readonly time?: Buffer
}

/** EFI_VARIABLE_* attribute bits. Source: UEFI 2.10, 8.2.1 GetVariable(). */
export const ATTRIBUTE = {
  nonVolatile: 0x01,
  bootService: 0x02,
  runtime: 0x04,
  hardwareError: 0x08,
  /** EFI_VARIABLE_AUTHENTICATED_WRITE_ACCESS, deprecated. */
  authenticated: 0x10,
  timeAuthenticated: 0x20,
  append: 0x40,
} as const

/** Vendor GUIDs of the variables that this program knows. */
export const GUID = {
  /** EFI_GLOBAL_VARIABLE: PK, KEK, BootOrder, Boot####, Timeout, … */
  global: '8be4df61-93ca-11d2-aa0d-00e098032b8c',
  /** EFI_IMAGE_SECURITY_DATABASE_GUID: db, dbx, dbt, dbr. */
  imageSecurity: 'd719b2cb-3d3a-4596-a3bc-dad00e67656f',
  /** shim: MokList, MokListX, MokNew, MokSBState, … Source: rhboot/shim, lib/guid.c. */
  shim: '605dab50-e046-4300-abb6-3dd810dd8b23',
} as const

import type { NamedVariable } from '../named-variable.js'
import { ATTRIBUTE, GUID } from '../variable.js'

/** What the firmware, or shim, knows a variable by, and the attributes that it must have. */
export interface VariablePlace extends NamedVariable {
  readonly attributes: number
}

const { nonVolatile, bootService, runtime, timeAuthenticated } = ATTRIBUTE
/** 0x27. Source: UEFI 2.10, 3.3, table 3.1. */
const SIGNED_UPDATES = nonVolatile | bootService | runtime | timeAuthenticated
/** 0x03: not for the running system. shim deletes a MokList that the system could write. Source: rhboot/shim, mok.c. */
const BOOT_ONLY = nonVolatile | bootService

/** The variables of Secure Boot. */
export const KEY_VARIABLE = {
  PK: { name: 'PK', guid: GUID.global, attributes: SIGNED_UPDATES },
  KEK: { name: 'KEK', guid: GUID.global, attributes: SIGNED_UPDATES },
  db: { name: 'db', guid: GUID.imageSecurity, attributes: SIGNED_UPDATES },
  dbx: { name: 'dbx', guid: GUID.imageSecurity, attributes: SIGNED_UPDATES },
  /** gEfiSecureBootEnableDisableGuid. Source: edk2, SecurityPkg.dec. */
  SecureBootEnable: {
    name: 'SecureBootEnable',
    guid: 'f0a30bc7-af08-4556-99c4-001009c93a44',
    attributes: BOOT_ONLY,
  },
  /** gEfiCustomModeEnableGuid. Source: edk2, SecurityPkg.dec. */
  CustomMode: { name: 'CustomMode', guid: 'c076ec0c-7028-4399-a072-71ee5c448b9f', attributes: BOOT_ONLY },
  MokList: { name: 'MokList', guid: GUID.shim, attributes: BOOT_ONLY },
} as const satisfies Record<string, VariablePlace>

import { KEY_VARIABLE } from './secure-boot/key-variables.js'
import { BITS_64, BOOT_ENTRY, BOOT_LIST, LANGUAGE, SECONDS, SWITCH, type ValueForm } from './value-forms.js'
import { ATTRIBUTE, GUID } from './variable.js'

/** A variable that a person need not know the GUID of. */
export interface WellKnownVariable {
  readonly guid: string
  /** What a new one gets. */
  readonly attributes: number
  /** How its contents are written; absent when they are more than a simple value. */
  readonly form?: ValueForm
}

/** What is known of a name, which is case-sensitive as all names of variables are. */
export function wellKnown(name: string): WellKnownVariable | undefined {
  return TABLE.get(name) ?? (NUMBERED.test(name) ? { guid: GUID.global, attributes: NV_BS_RT } : undefined)
}

/** The names of the table, for "did you mean". */
export function wellKnownNames(): readonly string[] {
  return [...TABLE.keys()]
}

const NV_BS = ATTRIBUTE.nonVolatile | ATTRIBUTE.bootService
const NV_BS_RT = NV_BS | ATTRIBUTE.runtime

/** Load options and hot keys; the digits are hexadecimal and upper case. Source: UEFI 2.10, 3.1.1. */
const NUMBERED = /^(?:Boot|Driver|SysPrep|PlatformRecovery|Key)[0-9A-F]{4}$/

/** EFI_TLS_CA_CERTIFICATE_GUID. */
const TLS_CA_GUID = 'fd2340d0-3dab-4349-a6c7-3b4f12b48eae'

/** Sources: UEFI 2.10, 3.3 (Globally Defined Variables); edk2, SecurityPkg/Include/Guid; rhboot/shim, MokVars.txt. */
const TABLE: ReadonlyMap<string, WellKnownVariable> = new Map<string, WellKnownVariable>([
  ['Timeout', { guid: GUID.global, attributes: NV_BS_RT, form: SECONDS }],
  ['BootOrder', { guid: GUID.global, attributes: NV_BS_RT, form: BOOT_LIST }],
  ['DriverOrder', { guid: GUID.global, attributes: NV_BS_RT }],
  ['BootNext', { guid: GUID.global, attributes: NV_BS_RT, form: BOOT_ENTRY }],
  ['PlatformLang', { guid: GUID.global, attributes: NV_BS_RT, form: LANGUAGE }],
  ['Lang', { guid: GUID.global, attributes: NV_BS_RT, form: LANGUAGE }],
  ['OsIndications', { guid: GUID.global, attributes: NV_BS_RT, form: BITS_64 }],
  ['ConIn', { guid: GUID.global, attributes: NV_BS_RT }],
  ['ConOut', { guid: GUID.global, attributes: NV_BS_RT }],
  ['ErrOut', { guid: GUID.global, attributes: NV_BS_RT }],
  ['PK', KEY_VARIABLE.PK],
  ['KEK', KEY_VARIABLE.KEK],
  ['db', KEY_VARIABLE.db],
  ['dbx', KEY_VARIABLE.dbx],
  ['dbt', { guid: GUID.imageSecurity, attributes: KEY_VARIABLE.db.attributes }],
  ['dbr', { guid: GUID.imageSecurity, attributes: KEY_VARIABLE.db.attributes }],
  ['SecureBootEnable', { ...KEY_VARIABLE.SecureBootEnable, form: SWITCH }],
  ['CustomMode', { ...KEY_VARIABLE.CustomMode, form: SWITCH }],
  ['TlsCaCertificate', { guid: TLS_CA_GUID, attributes: NV_BS }],
  ['MokList', KEY_VARIABLE.MokList],
  ['MokListX', { guid: GUID.shim, attributes: NV_BS }],
  ['MokListTrusted', { guid: GUID.shim, attributes: NV_BS, form: SWITCH }],
  ['MokSBState', { guid: GUID.shim, attributes: NV_BS, form: SWITCH }],
  ['MokDBState', { guid: GUID.shim, attributes: NV_BS, form: SWITCH }],
  ['SbatLevel', { guid: GUID.shim, attributes: NV_BS }],
  ['SHIM_DEBUG', { guid: GUID.shim, attributes: NV_BS, form: SWITCH }],
  ['SHIM_VERBOSE', { guid: GUID.shim, attributes: NV_BS, form: SWITCH }],
  ['FB_NO_REBOOT', { guid: GUID.shim, attributes: NV_BS_RT, form: SWITCH }],
])

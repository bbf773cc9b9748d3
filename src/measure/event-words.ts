import type { LogEvent } from './event-log.js'

/** The name of an event's type, such as EV_SEPARATOR; hex digits for one that we do not know. */
export function eventTypeName(type: number): string {
  return NAMES[type] ?? `0x${type.toString(16).padStart(8, '0')}`
}

/** What an event is about, where that is text: the name of a variable, a file, a command; cut, and empty when there is none. */
export function eventDetail({ type, data }: LogEvent): string {
  if (OF_VARIABLES.has(eventTypeName(type))) return variableName(data)
  const text = data.subarray(0, LONGEST_DETAIL).toString('utf8').replace(/\0+$/, '')
  return /^[\x20-\x7e]{2,}$/.test(text) ? text : ''
}

/** UEFI_VARIABLE_DATA: GUID 16, u64 characters of the name, u64 bytes of the data, name in UTF-16, data. */
function variableName(data: Buffer): string {
  if (data.length < 32) return ''
  const characters = Math.min(data.readUInt32LE(16), LONGEST_DETAIL)
  const name = data.subarray(32, 32 + 2 * characters).toString('utf16le')
  return /^[\x20-\x7e]*$/.test(name) ? name : ''
}

const LONGEST_DETAIL = 300
const OF_VARIABLES: ReadonlySet<string> = new Set([
  'EV_EFI_VARIABLE_DRIVER_CONFIG',
  'EV_EFI_VARIABLE_BOOT',
  'EV_EFI_VARIABLE_BOOT2',
  'EV_EFI_VARIABLE_AUTHORITY',
])

/** Source: TCG PC Client Platform Firmware Profile, 10.4.1, table of event types. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'EV_PREBOOT_CERT',
  1: 'EV_POST_CODE',
  3: 'EV_NO_ACTION',
  4: 'EV_SEPARATOR',
  5: 'EV_ACTION',
  6: 'EV_EVENT_TAG',
  7: 'EV_S_CRTM_CONTENTS',
  8: 'EV_S_CRTM_VERSION',
  9: 'EV_CPU_MICROCODE',
  10: 'EV_PLATFORM_CONFIG_FLAGS',
  11: 'EV_TABLE_OF_DEVICES',
  12: 'EV_COMPACT_HASH',
  13: 'EV_IPL',
  14: 'EV_IPL_PARTITION_DATA',
  15: 'EV_NONHOST_CODE',
  16: 'EV_NONHOST_CONFIG',
  17: 'EV_NONHOST_INFO',
  18: 'EV_OMIT_BOOT_DEVICE_EVENTS',
  2147483649: 'EV_EFI_VARIABLE_DRIVER_CONFIG',
  2147483650: 'EV_EFI_VARIABLE_BOOT',
  2147483651: 'EV_EFI_BOOT_SERVICES_APPLICATION',
  2147483652: 'EV_EFI_BOOT_SERVICES_DRIVER',
  2147483653: 'EV_EFI_RUNTIME_SERVICES_DRIVER',
  2147483654: 'EV_EFI_GPT_EVENT',
  2147483655: 'EV_EFI_ACTION',
  2147483656: 'EV_EFI_PLATFORM_FIRMWARE_BLOB',
  2147483657: 'EV_EFI_HANDOFF_TABLES',
  2147483658: 'EV_EFI_PLATFORM_FIRMWARE_BLOB2',
  2147483659: 'EV_EFI_HANDOFF_TABLES2',
  2147483660: 'EV_EFI_VARIABLE_BOOT2',
  2147483664: 'EV_EFI_HCRTM_EVENT',
  2147483872: 'EV_EFI_VARIABLE_AUTHORITY',
  2147483873: 'EV_EFI_SPDM_FIRMWARE_BLOB',
  2147483874: 'EV_EFI_SPDM_FIRMWARE_CONFIG',
}

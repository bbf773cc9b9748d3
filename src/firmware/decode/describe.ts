/** A variable decoded for a person. */
import { KEY_VARIABLE } from '../secure-boot/key-variables.js'
import { type FirmwareVariable, GUID } from '../variable.js'
import { describeSignatureLists } from './describe-signatures.js'
import { devicePathTexts } from './device-path-text.js'
import { LOAD_OPTION, readLoadOption } from './load-option.js'
import {
  exactly,
  optionNumber,
  readLanguage,
  readOptionOrder,
  readOsIndications,
  readSwitch,
  readTimeout,
  WAIT_FOR_EVER,
} from './simple-values.js'

/**
 * The value in lines of text, most telling first; never empty, never an error: what cannot be read is said and shown in hex.
 *
 * The text may hold characters that came with the variable; whoever prints it makes it printable.
 */
export function describeVariable(variable: FirmwareVariable): readonly string[] {
  const decode = decoderOf(variable)
  if (decode === undefined) return describeBytes(variable.data)
  try {
    const lines = decode(variable.data)
    return lines.every((line) => line === '') ? ['empty'] : lines
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [`cannot be read: ${why}`, ...describeBytes(variable.data)]
  }
}

type Decoder = (data: Buffer) => readonly string[]

function decoderOf(variable: FirmwareVariable): Decoder | undefined {
  const isOption = variable.guid === GUID.global && /^(?:Boot|Driver|SysPrep)[0-9A-F]{4}$/.test(variable.name)
  return isOption ? describeLoadOption : DECODERS[keyOf(variable)]
}

function describeLoadOption(data: Buffer): readonly string[] {
  const { attributes, description, filePath, optionalData } = readLoadOption(data)
  const flags = [
    (attributes & LOAD_OPTION.active) === 0 ? 'not active' : 'active',
    ...((attributes & LOAD_OPTION.forceReconnect) === 0 ? [] : ['reconnects drivers']),
    ...((attributes & LOAD_OPTION.hidden) === 0 ? [] : ['hidden']),
    ...((attributes & LOAD_OPTION.categoryApp) === 0 ? [] : ['application']),
  ]
  return [
    `${JSON.stringify(description)}, ${flags.join(', ')}`,
    ...devicePathTexts(filePath),
    ...(optionalData.length === 0 ? [] : [`options: ${describeBytes(optionalData).join(' ')}`]),
  ]
}

/** Text when it reads as such (UTF-8 or UTF-16, a NUL at the end left out), else hex. */
export function describeBytes(data: Buffer): readonly string[] {
  if (data.length === 0) return ['empty']
  const text = asText(data)
  if (text !== undefined) return [JSON.stringify(text)]
  const hex = data.toString('hex', 0, SHOWN_BYTES)
  return [`${data.length} bytes: ${hex}${data.length > SHOWN_BYTES ? '…' : ''}`]
}

function asText(data: Buffer): string | undefined {
  if (data.length <= MAX_TEXT_BYTES && data.length >= 2) {
    const plain = data.toString('latin1').replace(/\0$/, '')
    if (PRINTABLE.test(plain)) return plain
    if (data.length % 2 !== 0) return undefined
    const wide = data.toString('utf16le').replace(/\0$/, '')
    if (PRINTABLE.test(wide)) return wide
  }
  return undefined
}

const paths: Decoder = (data) => devicePathTexts(data)
const lists: Decoder = describeSignatureLists
const order: Decoder = (data) => [readOptionOrder(data).join(',')]
const next: Decoder = (data) => [optionNumber(exactly(data, 2).readUInt16LE())]
const language: Decoder = (data) => [readLanguage(data)]
const indications: Decoder = (data) => [readOsIndications(data).join(', ') || 'nothing asked for']
const switched =
  (on: string, off: string): Decoder =>
  (data) => [readSwitch(data) ? on : off]
const timeout: Decoder = (data) => {
  const seconds = readTimeout(data)
  return [seconds === WAIT_FOR_EVER ? 'the boot menu waits for ever' : `the boot menu waits ${seconds} s`]
}

const keyOf = ({ name, guid }: Pick<FirmwareVariable, 'name' | 'guid'>) => `${guid} ${name}`
const global = (name: string) => `${GUID.global} ${name}`
const image = (name: string) => `${GUID.imageSecurity} ${name}`
const shim = (name: string) => `${GUID.shim} ${name}`

/** By vendor and name, because a name means something only with its vendor. */
const DECODERS: Readonly<Record<string, Decoder>> = {
  ...each(['PK', 'KEK'].map(global), lists),
  ...each(['db', 'dbx', 'dbt', 'dbr'].map(image), lists),
  ...each(['MokList', 'MokListX', 'MokNew', 'MokDel', 'MokXNew', 'MokXDel'].map(shim), lists),
  // EFI_TLS_CA_CERTIFICATE_GUID. Source: edk2, NetworkPkg, Include/Guid/TlsAuthentication.h.
  'fd2340d0-3dab-4349-a6c7-3b4f12b48eae TlsCaCertificate': lists,
  ...each(['BootOrder', 'DriverOrder', 'SysPrepOrder'].map(global), order),
  ...each(['BootNext', 'BootCurrent'].map(global), next),
  [global('Timeout')]: timeout,
  ...each(['PlatformLang', 'Lang', 'PlatformLangCodes', 'LangCodes'].map(global), language),
  ...each(['ConIn', 'ConOut', 'ErrOut', 'ConInDev', 'ConOutDev', 'ErrOutDev'].map(global), paths),
  ...each(['OsIndications', 'OsIndicationsSupported'].map(global), indications),
  [global('SecureBoot')]: switched('Secure Boot is on', 'Secure Boot is off'),
  [global('SetupMode')]: switched('setup mode: there is no PK', 'user mode: there is a PK'),
  [keyOf(KEY_VARIABLE.SecureBootEnable)]: switched('Secure Boot is on when there is a PK', 'Secure Boot is off'),
  [keyOf(KEY_VARIABLE.CustomMode)]: switched(
    'custom mode: keys may be changed at the machine without a signature',
    'standard mode: keys are changed by signed updates only',
  ),
  // gEfiVendorKeysNvGuid. Source: edk2, SecurityPkg.dec.
  '9073e4e0-60ec-4b6e-9903-4c223c260f3c VendorKeysNv': switched(
    'the keys are those of the vendor',
    'the keys were changed since they left the vendor',
  ),
  [shim('MokSBState')]: switched('shim checks no signatures', 'shim checks signatures'),
  [shim('MokDBState')]: switched('shim ignores db', 'shim uses db'),
  [shim('MokListTrusted')]: switched('the kernel may trust MokList', 'the kernel does not trust MokList'),
  [shim('FB_NO_REBOOT')]: () => ["shim's fallback program starts the system without a restart"],
  [shim('SbatLevel')]: (data) => data.toString('latin1').replace(/\0$/, '').trimEnd().split('\n'),
}

/** True for a variable whose data are signature lists. */
export function holdsSignatureLists(variable: Pick<FirmwareVariable, 'name' | 'guid'>): boolean {
  return DECODERS[keyOf(variable)] === lists
}

function each(names: readonly string[], decoder: Decoder): Readonly<Record<string, Decoder>> {
  return Object.fromEntries(names.map((name) => [name, decoder]))
}

const PRINTABLE = /^[\x20-\x7e]+$/
const SHOWN_BYTES = 64
const MAX_TEXT_BYTES = 4096

import { createHash } from 'node:crypto'
import { secureBootMode } from './secure-boot/secure-boot-mode.js'
import type { StoredVariable } from './store-types.js'
import { GUID } from './variable.js'
import { changesBetween } from './variable-changes.js'

/** How variables reach a guest: a flash beside the code, a firmware in one file, or QEMU's uefi-vars device. */
export type FirmwareKind = 'variables' | 'single-file' | 'json'

/** One side of an edit. */
export interface FirmwareSide {
  readonly variables: readonly StoredVariable[]
  /** The variable volume, which a TDX guest hashes as a whole; empty for the JSON form. */
  readonly volume: Buffer
}

/** What an edit does to the measurements of a guest. */
export interface MeasurementEffects {
  /** Of a TDX guest: the build-time measurement. Variables are never in it. */
  readonly mrtdChanges: false
  readonly rtmr0Changes: boolean
  /** Of an SEV-SNP guest. */
  readonly snpDigestChanges: boolean
  /** SHA-384 of the variable volume: event 2 of RTMR0 when this is a firmware in one file. */
  readonly volumeSha384?: { readonly before: string; readonly after: string }
  readonly sentences: readonly string[]
}

/** Sources: edk2, OvmfPkg/IntelTdx and SecurityPkg/Library/DxeTpmMeasureBootLib; AMD, SEV-SNP ABI, launch digest. */
export function measurementEffects(kind: FirmwareKind, before: FirmwareSide, after: FirmwareSide): MeasurementEffects {
  const events = measuredEvents(before.variables, after.variables)
  if (kind === 'single-file') return singleFileEffects(before.volume, after.volume, events)
  return {
    mrtdChanges: false,
    rtmr0Changes: events.length > 0,
    snpDigestChanges: false,
    sentences: kind === 'json' ? jsonSentences(events) : flashSentences(events),
  }
}

function singleFileEffects(before: Buffer, after: Buffer, events: readonly string[]): MeasurementEffects {
  const changes = !before.equals(after)
  const digests = { before: sha384(before), after: sha384(after) }
  const shared = { mrtdChanges: false, rtmr0Changes: changes, snpDigestChanges: changes } as const
  if (!changes) {
    return { ...shared, volumeSha384: digests, sentences: ['No byte changes, so no measurement does.'] }
  }
  return {
    ...shared,
    volumeSha384: digests,
    sentences: [
      'TDX: MRTD stays the same; variables are not in it.',
      `TDX: RTMR0 changes: its event 2, the digest of all variables, becomes ${digests.after}.`,
      ...eventSentences('TDX', events),
      'SEV-SNP: the launch digest changes, because the whole file is measured. Compute it anew before you rely on it.',
    ],
  }
}

function flashSentences(events: readonly string[]): readonly string[] {
  return [
    'TDX: MRTD stays the same. A TDX guest cannot use a flash for variables: edit a firmware in a single file (OVMF.fd) for it.',
    'SEV-SNP: the launch digest stays the same; variables in a flash are not measured, so whoever runs the host can change them.',
    ...eventSentences('Measured boot', events),
  ]
}

function jsonSentences(events: readonly string[]): readonly string[] {
  return [
    'TDX: MRTD stays the same. SEV-SNP: the launch digest stays the same.',
    'This file belongs to the host and is not measured as a whole: a guest can trust only those variables that are measured one by one.',
    ...eventSentences('TDX', events),
  ]
}

function eventSentences(who: string, events: readonly string[]): readonly string[] {
  if (events.length === 0) return [`${who}: no variable that is measured on its own changes.`]
  return [`${who}: variables that are measured on their own change: ${events.join(', ')}.`]
}

/** What is measured one by one, with the registers it goes to. SecureBoot is computed from PK and SecureBootEnable. */
function measuredEvents(before: readonly StoredVariable[], after: readonly StoredVariable[]): readonly string[] {
  const { added, changed, removed } = changesBetween(before, after)
  const touched = [...added, ...removed, ...changed.flatMap((each) => (sameContents(each) ? [] : [each.after]))]
  const events = touched.flatMap((variable) => {
    const register = registerOf(variable)
    return register === undefined ? [] : [`${variable.name} (${register})`]
  })
  if (secureBootMode(before).on !== secureBootMode(after).on) events.push('SecureBoot (RTMR0, PCR 7)')
  return events
}

function sameContents({ before, after }: { readonly before: StoredVariable; readonly after: StoredVariable }): boolean {
  return before.data.equals(after.data)
}

function registerOf({ name, guid }: StoredVariable): string | undefined {
  if (guid === GUID.global && /^(?:PK|KEK)$/.test(name)) return 'RTMR0, PCR 7'
  if (guid === GUID.imageSecurity && /^(?:db|dbx|dbt|dbr)$/.test(name)) return 'RTMR0, PCR 7'
  if (guid === GUID.global && /^(?:BootOrder|Boot[0-9A-F]{4})$/.test(name)) return 'RTMR0, PCR 1'
  if (guid === GUID.shim && /^(?:SbatLevel|MokListTrusted)$/.test(name)) return 'by shim: RTMR0, PCR 7'
  if (guid === GUID.shim && /^(?:MokList|MokListX|MokSBState)$/.test(name)) return 'by shim: RTMR2, PCR 14'
  return undefined
}

function sha384(bytes: Buffer): string {
  return createHash('sha384').update(bytes).digest('hex')
}

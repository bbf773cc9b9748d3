/**
 * `secure-boot`: its variables hold keys, and only the firmware itself, in SMM, can change them. `own-keys`: the same code, and
 * variables without keys, for those who bring their own.
 */
export type FirmwareKind = 'plain' | 'secure-boot' | 'own-keys'

/** What one of QEMU's firmware descriptors offers to us. Source: QEMU, docs/interop/firmware.json. */
export type DescriptorReading =
  | {
      readonly ok: true
      readonly code: string
      readonly vars: string
      readonly format: 'raw' | 'qcow2'
      readonly smm: boolean
    }
  | { readonly ok: false; readonly why: string }

/**
 * Reads a descriptor for x86_64 on q35: UEFI in two flash files. A plain one has neither SMM nor enrolled keys, one for
 * Secure Boot has both, one for own keys SMM only.
 */
export function readDescriptor(text: string, kind: FirmwareKind = 'plain'): DescriptorReading {
  const root = parsed(text)
  if (root === undefined) return no('it is not a JSON object')
  if (!strings(root['interface-types']).includes('uefi')) return no('it is not UEFI')
  if (!objects(root['targets']).some(fitsQ35)) return no('it is not for x86_64 on q35')

  const features = strings(root['features'])
  const why = kind === 'plain' ? whyNotPlain(features) : whyNotSecure(features, kind)
  if (why !== undefined) return no(why)

  const mapping = objects([root['mapping']])[0] ?? {}
  if (mapping['device'] !== 'flash') return no('it is not loaded as flash')
  if (mapping['mode'] !== undefined && mapping['mode'] !== 'split') return no(`its flash mode is not "split"`)
  const code = file(mapping['executable'])
  const vars = file(mapping['nvram-template'])
  if (code === undefined || vars === undefined) return no('it does not name both a code and a variable file')
  if (code.format !== vars.format) return no('its two files have different formats')
  return { ok: true, code: code.path, vars: vars.path, format: code.format, smm: features.includes('requires-smm') }
}

function whyNotPlain(features: readonly string[]): string | undefined {
  if (features.includes('requires-smm')) return 'it needs SMM, which the machine does not have'
  return features.includes('enrolled-keys') ? 'it has Secure Boot keys enrolled' : undefined
}

function whyNotSecure(features: readonly string[], kind: Exclude<FirmwareKind, 'plain'>): string | undefined {
  if (!features.includes('secure-boot')) return 'it has no Secure Boot'
  const hasKeys = features.includes('enrolled-keys')
  if (hasKeys && kind === 'own-keys') return 'it has Secure Boot keys enrolled'
  if (!hasKeys && kind === 'secure-boot') return 'it has no Secure Boot keys enrolled'
  return features.includes('requires-smm') ? undefined : 'it has no SMM, so the guest could change its keys'
}

function fitsQ35(target: Readonly<Record<string, unknown>>): boolean {
  // Machine names are patterns, for example pc-q35-*.
  return target['architecture'] === 'x86_64' && strings(target['machines']).some((name) => /^(pc-)?q35/.test(name))
}

function file(value: unknown): { readonly path: string; readonly format: 'raw' | 'qcow2' } | undefined {
  const entry = objects([value])[0]
  const path = entry?.['filename']
  const format = entry?.['format'] ?? 'raw'
  if (typeof path !== 'string' || !path.startsWith('/')) return undefined
  return format === 'raw' || format === 'qcow2' ? { path, format } : undefined
}

function no(why: string): DescriptorReading {
  return { ok: false, why }
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return objects([JSON.parse(text)])[0]
  } catch {
    return undefined
  }
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function objects(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : []
}

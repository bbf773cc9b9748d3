import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CvmError } from '../model/errors.js'
import type { UefiFirmware } from '../model/rewrite.js'
import { type FirmwareKind, readDescriptor } from './firmware-descriptor.js'
import { isReadable } from './tee-firmware.js'

export interface FirmwareChoice {
  readonly uefi: UefiFirmware
  /** The code needs SMM. */
  readonly smm: boolean
  /** The descriptor that named it; absent for a well-known path. */
  readonly descriptor?: string
  /** Descriptors that come before it, and why they were not taken. */
  readonly passedOver: readonly { readonly descriptor: string; readonly why: string }[]
}

/** Where to look; another list only in tests. */
export interface FirmwarePlaces {
  /** Descriptor directories, the most important one first: a file there hides files of that name in later ones. */
  readonly descriptorDirs: readonly string[]
  readonly wellKnown: Readonly<Record<FirmwareKind, readonly UefiFirmware[]>>
}

/**
 * Chooses the UEFI firmware for a q35 machine: the first fitting descriptor in the order of file names, else a well-known path.
 *
 * @throws CvmError FIRMWARE_MISSING; its lines say why each descriptor was not taken.
 */
export async function chooseFirmware(
  kind: FirmwareKind = 'plain',
  places: FirmwarePlaces = usualPlaces(process.env),
): Promise<FirmwareChoice> {
  const passedOver: { descriptor: string; why: string }[] = []
  for (const descriptor of await descriptorsIn(places.descriptorDirs)) {
    const reading = readDescriptor(await readFile(descriptor, 'utf8').catch(() => ''), kind)
    const why = reading.ok ? await unreadable(reading) : reading.why
    if (reading.ok && why === undefined) {
      const { code, vars, format, smm } = reading
      return { uefi: { code, vars, format }, smm, descriptor, passedOver }
    }
    passedOver.push({ descriptor, why: why ?? '' })
  }
  for (const uefi of places.wellKnown[kind]) {
    if ((await unreadable(uefi)) === undefined) return { uefi, smm: kind !== 'plain', passedOver }
  }
  const [what, where] = WORDS[kind]
  throw new CvmError('FIRMWARE_MISSING', `no usable ${what} is installed`, {
    why: `neither a firmware descriptor nor ${places.wellKnown[kind][0]?.code ?? 'a well-known path'} fits ${where}`,
    lines: passedOver.map(({ descriptor, why }) => `${descriptor}: ${why}`),
  })
}

/** The directories that QEMU documents for descriptors, and where distributions put OVMF. */
export function usualPlaces(environment: NodeJS.ProcessEnv): FirmwarePlaces {
  const home = environment['XDG_CONFIG_HOME'] ?? (environment['HOME'] && join(environment['HOME'], '.config'))
  return {
    descriptorDirs: [...(home ? [join(home, 'qemu/firmware')] : []), '/etc/qemu/firmware', '/usr/share/qemu/firmware'],
    wellKnown: {
      plain: [
        rawPair('/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd'),
        rawPair('/usr/share/OVMF/OVMF_CODE.fd', '/usr/share/OVMF/OVMF_VARS.fd'),
        rawPair('/usr/share/edk2/ovmf/OVMF_CODE.fd', '/usr/share/edk2/ovmf/OVMF_VARS.fd'),
      ],
      // The variables that hold Microsoft's keys, with which distributions have their boot loaders signed.
      'secure-boot': [
        rawPair('/usr/share/OVMF/OVMF_CODE_4M.ms.fd', '/usr/share/OVMF/OVMF_VARS_4M.ms.fd'),
        rawPair('/usr/share/OVMF/OVMF_CODE_4M.secboot.fd', '/usr/share/OVMF/OVMF_VARS_4M.ms.fd'),
        rawPair('/usr/share/OVMF/OVMF_CODE.secboot.fd', '/usr/share/OVMF/OVMF_VARS.ms.fd'),
        rawPair('/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd', '/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd'),
      ],
      'own-keys': [
        rawPair('/usr/share/OVMF/OVMF_CODE_4M.secboot.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd'),
        rawPair('/usr/share/OVMF/OVMF_CODE.secboot.fd', '/usr/share/OVMF/OVMF_VARS.fd'),
        rawPair('/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd', '/usr/share/edk2/ovmf/OVMF_VARS.fd'),
      ],
    },
  }
}

function rawPair(code: string, vars: string): UefiFirmware {
  return { code, vars, format: 'raw' }
}

/** Absolute paths, one for each file name, sorted by file name; an earlier directory hides the file of a later one. */
async function descriptorsIn(dirs: readonly string[]): Promise<readonly string[]> {
  const byName = new Map<string, string>()
  for (const dir of dirs) {
    const names = await readdir(dir).catch(() => [])
    for (const name of names) if (name.endsWith('.json') && !byName.has(name)) byName.set(name, join(dir, name))
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path)
}

async function unreadable({ code, vars }: { code: string; vars: string }): Promise<string | undefined> {
  for (const path of [code, vars]) {
    if (!(await isReadable(path))) return `${path} is not there or not readable`
  }
  return undefined
}

const WORDS: Readonly<Record<FirmwareKind, readonly [what: string, where: string]>> = {
  plain: ['UEFI firmware', 'a plain q35 machine'],
  'secure-boot': ['UEFI firmware with Secure Boot keys', 'a q35 machine with SMM'],
  'own-keys': ['UEFI firmware with Secure Boot and without keys', 'a q35 machine with SMM'],
}

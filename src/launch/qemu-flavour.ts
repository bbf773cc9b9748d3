import type { QemuFlavour } from '../model/launch.js'

/** What a QEMU can make, whatever the machine under it can. */
export interface QemuAbilities {
  /** Such as 7.2.22; undefined when it did not say. */
  readonly version: string | undefined
  /** How its TDX is spelled; undefined: it has none. */
  readonly tdx: QemuFlavour | undefined
  readonly snp: boolean
}

/** What a QEMU printed; each of them whole. */
export interface QemuAnswers {
  /** Of `--version`. */
  readonly version: string
  /** Of `-object help`. */
  readonly objects: string
  /** What it said against a tdx-guest whose `quote-generation-socket` is the number 1. */
  readonly tdxObjection: string
}

/**
 * Reads a QEMU's abilities from what it printed.
 *
 * `-object tdx-guest,help` would not do: the properties of tdx-guest belong to its instances, and the help lists those of classes
 * only (QEMU 10.1, target/i386/kvm/tdx.c, tdx_guest_init). A wrong value tells: who knows the property objects to the type of its
 * value, who does not finds it unexpected.
 */
export function readAbilities({ version, objects, tdxObjection }: QemuAnswers): QemuAbilities {
  const known = new Set(objects.split('\n').map((line) => line.trim()))
  const number = /\bversion (\d+\.\d+(?:\.\d+)?)/.exec(version)?.[1]
  return {
    version: number,
    tdx: known.has('tdx-guest') ? tdxFlavour(tdxObjection, number) : undefined,
    snp: known.has('sev-snp-guest'),
  }
}

function tdxFlavour(objection: string, version: string | undefined): QemuFlavour {
  if (/'quote-generation-socket' is unexpected/.test(objection)) return 'fork'
  if (/Invalid parameter type for 'quote-generation-socket'/.test(objection)) return 'upstream'
  // Another wording: TDX came upstream with 10.1.
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number)
  return major > 10 || (major === 10 && minor >= 1) ? 'upstream' : 'fork'
}

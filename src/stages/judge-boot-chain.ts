import { dirname } from 'node:path'
import { vendorCertificates } from '../firmware/pe/boot-program.js'
import { KEY_VARIABLE } from '../firmware/secure-boot/key-variables.js'
import type { SecureBootState } from '../firmware/secure-boot/secure-boot-state.js'
import { keyEntries } from '../firmware/secure-boot/secure-boot-state.js'
import type { FirmwareVariable } from '../firmware/variable.js'
import type { BootProgram } from './boot-chain-files.js'
import { judgeWith, signedImage } from './firmware-verify.js'

export interface ChainVerdict {
  readonly name: string
  readonly by: 'firmware' | 'shim'
  readonly accepted: boolean
  readonly reason: string
}

/**
 * Whether everything that boots the guest is accepted by whoever starts it: the firmware for shim, unified kernel images and
 * boot loaders without a shim; shim for the rest.
 *
 * shim accepts what db, MokList or the certificate of its distribution stand for, and refuses what dbx does. Its SBAT
 * generations are not looked at.
 */
export async function judgeBootChain(
  programs: readonly BootProgram[],
  variables: readonly FirmwareVariable[],
  state: SecureBootState,
  signal: AbortSignal,
): Promise<readonly ChainVerdict[]> {
  const shims = programs.filter(({ kind }) => kind === 'shim')
  const forShim = shimState(shims, variables, state)
  const verdicts: ChainVerdict[] = []
  for (const program of programs) {
    if (program.kind === 'other' && !DEFAULT_LOADER.test(program.name)) continue
    const by = starterOf(program, shims)
    const image = signedImage(program.bytes, program.name)
    const verdict = await judgeWith(image, by === 'shim' ? forShim : state, signal)
    verdicts.push({ name: program.name, by, accepted: verdict.accepted, reason: verdict.reason })
  }
  return verdicts
}

function starterOf({ kind, name }: BootProgram, shims: readonly BootProgram[]): ChainVerdict['by'] {
  if (kind === 'kernel') return shims.length > 0 ? 'shim' : 'firmware'
  const hasShimBeside = shims.some((shim) => dirname(shim.name) === dirname(name))
  return kind === 'grub' && hasShimBeside ? 'shim' : 'firmware'
}

function shimState(
  shims: readonly BootProgram[],
  variables: readonly FirmwareVariable[],
  state: SecureBootState,
): SecureBootState {
  const vendor = shims.flatMap(({ bytes }) => vendorCertificates(bytes))
  const asEntries = vendor.map((data) => ({ kind: 'x509' as const, owner: NO_OWNER, data }))
  return { ...state, db: [...state.db, ...keyEntries(variables, KEY_VARIABLE.MokList), ...asEntries] }
}

/** What a firmware starts that has no boot entry: here also a boot loader that we do not know. Source: UEFI 2.10, 3.5.1.1. */
const DEFAULT_LOADER = /^EFI\/BOOT\/BOOT(?:IA32|X64|AA64)\.EFI$/i
const NO_OWNER = '00000000-0000-0000-0000-000000000000'

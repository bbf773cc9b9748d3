import { dirname } from 'node:path'
import { vendorCertificates } from '../firmware/pe/boot-program.js'
import { KEY_VARIABLE } from '../firmware/secure-boot/key-variables.js'
import { type SbatLevel, sbatLevelInForce, sbatRefusal } from '../firmware/secure-boot/sbat.js'
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
 * Whether everything that boots the guest is accepted by whoever starts it: shim for what lies beside it, and for kernels; the
 * firmware for the rest, and for all when there is no shim.
 *
 * shim accepts what db, MokList or the certificate of its distribution stand for, and refuses what dbx does, and what SBAT revokes.
 */
export async function judgeBootChain(
  programs: readonly BootProgram[],
  variables: readonly FirmwareVariable[],
  state: SecureBootState,
  signal: AbortSignal,
): Promise<readonly ChainVerdict[]> {
  const shims = programs.filter(({ kind }) => kind === 'shim')
  const forShim = shimState(shims, variables, state)
  const level = sbatLevelInForce(
    variables,
    shims.map(({ bytes }) => bytes),
  )
  const verdicts: ChainVerdict[] = []
  for (const program of programs) {
    if (program.kind === 'other' && !DEFAULT_LOADER.test(program.name)) continue
    const by = starterOf(program, programs)
    const image = signedImage(program.bytes, program.name)
    const { accepted, reason } = await judgeWith(image, by === 'shim' ? forShim : state, signal)
    const revoked = accepted && level !== undefined ? revokedBy(level, program, programs) : undefined
    verdicts.push(
      revoked === undefined
        ? { name: program.name, by, accepted, reason }
        : { name: program.name, by: 'shim', accepted: false, reason: revoked },
    )
  }
  return verdicts
}

/** systemd-boot asks the shim that started it, also about what it starts. */
function starterOf(program: BootProgram, programs: readonly BootProgram[]): ChainVerdict['by'] {
  const { kind } = program
  if (kind === 'kernel') return programs.some((each) => each.kind === 'shim') ? 'shim' : 'firmware'
  if (kind === 'shim' || kind === 'other') return 'firmware'
  const loaders = programs.filter((each) => each.kind === 'systemd-boot')
  const throughLoader = kind === 'uki' && loaders.some((loader) => hasShimBeside(loader, programs))
  return hasShimBeside(program, programs) || throughLoader ? 'shim' : 'firmware'
}

function hasShimBeside({ name }: BootProgram, programs: readonly BootProgram[]): boolean {
  return programs.some((each) => each.kind === 'shim' && dirname(each.name) === dirname(name))
}

/** shim judges itself, too. A shim from before SBAT has no generations, and looks at nobody's. */
function revokedBy(level: SbatLevel, program: BootProgram, programs: readonly BootProgram[]): string | undefined {
  const isShim = program.kind === 'shim'
  if (!isShim && starterOf(program, programs) !== 'shim') return undefined
  const isLoaded = !isShim && program.kind !== 'kernel' && hasShimBeside(program, programs)
  return sbatRefusal(program.bytes, level, isLoaded)
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

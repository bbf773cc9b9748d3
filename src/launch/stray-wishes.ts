import { CvmError } from '../model/errors.js'
import type { LaunchKey, SettledLaunch, Tee } from '../model/launch.js'

/**
 * Refuses what a flag asks of a confidential guest of another kind than the launch is. A launch file may have the identity for all
 * kinds, of which one is used.
 *
 * @throws {CvmError} LAUNCH_INVALID.
 */
export function assertNoStrayWishes({ wishes, origins }: SettledLaunch, flags: ReadonlySet<string>): void {
  for (const [tee, { keys, next }] of Object.entries(KINDS)) {
    if (wishes.tee === tee) continue
    const stray = keys.find((key) => wishes[key] !== undefined && flags.has(origins[key] ?? ''))
    if (stray === undefined) continue
    throw new CvmError('LAUNCH_INVALID', `${origins[stray]} is for ${tee === 'tdx' ? 'TDX' : 'SEV-SNP'} guests`, {
      why: `the guest is ${WORDS[wishes.tee ?? 'none']}`,
      next,
    })
  }
}

const KINDS: Readonly<Record<Exclude<Tee, 'none'>, { readonly keys: readonly LaunchKey[]; readonly next: string }>> = {
  tdx: {
    keys: ['mrowner', 'mrconfigid', 'mrownerconfig', 'debug', 'quoteService'],
    next: 'Leave it out, or start a TD: -t td, or --tee tdx with cvm-rewrite launch.',
  },
  snp: {
    keys: ['hostData', 'idBlock', 'idAuth', 'policy', 'kernelHashes', 'snpCpu'],
    next: 'Leave it out, or start an SEV-SNP guest: -t snp, or --tee snp with cvm-rewrite launch.',
  },
}

const WORDS: Readonly<Record<Tee, string>> = { none: 'not a confidential one', tdx: 'a TD', snp: 'one of SEV-SNP' }

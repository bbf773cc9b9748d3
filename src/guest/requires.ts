import type { Plugin } from '../model/plugin.js'
import type { Wishes } from '../model/wishes.js'

/** Programs that have to be in the guest, for cloud-init/guest/run-parts.sh: a line for each, with who requires it behind a tab. */
export function requiresText(plugins: readonly Plugin[], { secureBoot }: Pick<Wishes, 'secureBoot'>): string {
  const asked = plugins
    .filter(({ skipped }) => skipped === undefined)
    .flatMap(({ name, manifest }) => (manifest?.requires.guest ?? []).map((program) => `${program}\t${name}\n`))
  const signer = secureBoot?.guestSigner
  if (signer === undefined) return asked.join('')
  return [...asked, `sbsign\t${signer.plugins.join(' and ')} ${SBSIGN_WORDS}\n`].join('')
}

const SBSIGN_WORDS =
  'for secure-boot.guest-signer (package sbsigntool; rootfs.packages, or rootfs.debs, of a plugin.yaml installs it)'

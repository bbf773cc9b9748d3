import type { Plugin } from '../model/plugin.js'

/** Programs that have to be in the guest, for cloud-init/guest/run-parts.sh: a line for each, with who requires it behind a tab. */
export function requiresText(plugins: readonly Plugin[]): string {
  return plugins
    .filter(({ skipped }) => skipped === undefined)
    .flatMap(({ name, manifest }) => (manifest?.requires.guest ?? []).map((program) => `${program}\t${name}\n`))
    .join('')
}

import type { GrubPlan } from '../model/grub-plan.js'
import type { Plugin } from '../model/plugin.js'

/**
 * What the boot loader is to do, for cloud-init/guest/grub-settings.sh and grub-check.sh: a line for each wish, of three columns with
 * tabs between them: `add`, `remove`, `module` or `timeout`; the word; who asked for it.
 */
export function grubWishesText({ add, remove, modules, timeout }: GrubPlan): string {
  return [
    ...add.map((wish) => ['add', wish] as const),
    ...remove.map((wish) => ['remove', wish] as const),
    ...modules.map((wish) => ['module', wish] as const),
    ...(timeout === undefined ? [] : [['timeout', timeout] as const]),
  ]
    .map(([kind, { word, plugins }]) => `${kind}\t${word}\t${plugins.join(', ')}\n`)
    .join('')
}

/** Programs that have to be in the guest, for cloud-init/guest/run-parts.sh: a line for each, with who requires it behind a tab. */
export function requiresText(plugins: readonly Plugin[]): string {
  return plugins
    .filter(({ skipped }) => skipped === undefined)
    .flatMap(({ name, manifest }) => (manifest?.requires.guest ?? []).map((program) => `${program}\t${name}\n`))
    .join('')
}

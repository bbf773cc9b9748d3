import type { GrubPlan } from '../model/wishes.js'

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

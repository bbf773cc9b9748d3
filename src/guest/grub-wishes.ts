import type { GrubPlan } from '../model/wishes.js'

/**
 * What the boot loader is to do, for cloud-init/guest/grub-settings.sh and grub-check.sh: a line for each wish, of three columns with
 * tabs between them; the kind, the word, who asked for it. Kinds: `add` (a kernel argument that replaces others of its name),
 * `add-beside` (one that does not), `remove`, `module`, `timeout`.
 */
export function grubWishesText({ add, remove, modules, timeout }: GrubPlan): string {
  return [
    ...add.map((wish) => [wish.beside === true ? 'add-beside' : 'add', wish] as const),
    ...remove.map((wish) => ['remove', wish] as const),
    ...modules.map((wish) => ['module', wish] as const),
    ...(timeout === undefined ? [] : [['timeout', timeout] as const]),
  ]
    .map(([kind, { word, plugins }]) => `${kind}\t${word}\t${plugins.join(', ')}\n`)
    .join('')
}

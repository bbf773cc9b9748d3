import { fileURLToPath } from 'node:url'
import { type DemoGuestRecipe, rootFsOf } from './recipe.js'

/** A shell file of this folder; they are shipped as they are, beside the compiled code. */
export type DemoScript = `${string}.sh`

export interface GuestScripts {
  /** Run before the packages are installed, in this order. */
  readonly essential: readonly DemoScript[]
  /** Run after the packages are installed, in this order. */
  readonly customize: readonly DemoScript[]
  /** What those put into the guest. */
  readonly others: readonly DemoScript[]
}

/**
 * The shell files that a guest is made with.
 *
 * What only some guests need stands in files of its own, so that a change there does not make the others anew.
 */
export function guestScripts(recipe: DemoGuestRecipe): GuestScripts {
  const forRootFs = rootFsOf(recipe) !== 'ext4'
  const forDracut = recipe.initrd === 'dracut'
  return {
    essential: [
      'before-packages.sh',
      ...(forRootFs ? (['root-fs-before.sh'] as const) : []),
      ...(forDracut ? (['dracut-before.sh'] as const) : []),
    ],
    customize: [
      'after-packages.sh',
      ...(forRootFs ? (['root-fs-after.sh'] as const) : []),
      ...(forDracut ? (['dracut-after.sh'] as const) : []),
    ],
    others: ['grub-probe.sh'],
  }
}

/** Absolute path of a shell file: from dist/demo and from src/demo alike it is ../../src/demo. */
export function scriptPath(name: DemoScript): string {
  return fileURLToPath(new URL(`../../src/demo/${name}`, import.meta.url))
}

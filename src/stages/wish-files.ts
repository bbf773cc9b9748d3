import { grubWishesText } from '../guest/grub-wishes.js'
import { imaWishesText } from '../guest/ima-wishes.js'
import { initrdWishesText } from '../guest/initrd-wishes.js'
import { requiresText } from '../guest/requires.js'
import { rootfsWishesText } from '../guest/rootfs-wishes.js'
import type { Collected } from '../model/rewrite.js'

/** What plugin.yaml files want of the guest, for its scripts: names beside them, and texts. An empty file would only say nothing. */
export function wishFiles({ plugins, wishes }: Collected): readonly (readonly [string, string])[] {
  const { grub, initrd, ima, rootfs } = wishes
  const files = [
    ['requires', requiresText(plugins, wishes)] as const,
    ['grub-wishes', grub === undefined ? '' : grubWishesText(grub)] as const,
    ['initrd-wishes', initrd === undefined ? '' : initrdWishesText(initrd)] as const,
    ['ima-wishes', ima === undefined ? '' : imaWishesText(ima)] as const,
    ['rootfs-wishes', rootfs === undefined ? '' : rootfsWishesText(rootfs)] as const,
  ]
  return files.filter(([, text]) => text !== '')
}

/** Files that go with them as they are: their places on the seed, and where they are here. */
export function wishSources({ wishes: { ima, rootfs } }: Collected): readonly (readonly [string, string])[] {
  return [
    ...(ima?.policy === undefined ? [] : [['cvm/ima-policy', ima.policy.path] as const]),
    ...(rootfs?.debs ?? []).map(({ word }, index) => [`debs/${index}.deb`, word] as const),
  ]
}

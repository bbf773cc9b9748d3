/** What a demo guest is made of. */
export interface DemoGuestRecipe {
  readonly suite: 'trixie' | 'bookworm'
  readonly boot: 'uefi' | 'bios' | 'both'
  readonly variant: 'cloud' | 'no-cloud-init'
  /** File system of /. Not given: ext4, the only one that a guest for a BIOS can have here: its core.img reads no other. */
  readonly rootFs?: RootFs
  /** What makes the initrds. Not given: initramfs-tools. */
  readonly initrd?: 'initramfs-tools' | 'dracut'
}

export type RootFs = 'ext4' | 'xfs' | 'btrfs'

/**
 * Debian packages of the guest.
 *
 * The cloud kernel has the guest side of TDX and SEV-SNP and no drivers of real hardware. grub-cloud-amd64 brings GRUB for
 * both firmwares; the signed GRUB and shim are what Secure Boot starts.
 */
export function guestPackages(recipe: DemoGuestRecipe): readonly string[] {
  const { initrd = 'initramfs-tools' } = recipe
  return [
    ...BASE_PACKAGES.map((name) => (name === 'initramfs-tools' ? initrd : name)),
    ...(recipe.variant === 'cloud' ? ['cloud-init'] : []),
    ...FILE_SYSTEM_PACKAGES[rootFsOf(recipe)],
  ]
}

export function rootFsOf(recipe: DemoGuestRecipe): RootFs {
  return recipe.rootFs ?? 'ext4'
}

/** Label of the root file system. One of xfs has at most 12 characters. */
export function rootLabel(rootFs: RootFs): string {
  return rootFs === 'xfs' ? 'cloudimg-rfs' : 'cloudimg-rootfs'
}

/** What the recipe differs in from the guest of the demo command; nothing for that one. */
export function specialties(recipe: DemoGuestRecipe): readonly string[] {
  const rootFs = rootFsOf(recipe)
  return [...(rootFs === 'ext4' ? [] : [rootFs]), ...(recipe.initrd === 'dracut' ? ['dracut'] : [])]
}

const BASE_PACKAGES = [
  ['linux-image-cloud-amd64', 'initramfs-tools', 'zstd', 'kmod', 'udev', 'e2fsprogs', 'fdisk'],
  ['grub-cloud-amd64', 'grub-efi-amd64-signed', 'shim-signed'],
  ['systemd-sysv', 'systemd-resolved', 'systemd-timesyncd', 'libpam-systemd', 'dbus'],
  ['netplan.io', 'iproute2', 'openssh-server', 'sudo', 'cloud-guest-utils', 'python3', 'python3-apt'],
].flat()
/** Programs with which the guest grows and checks its root; those of ext4 are in every guest. */
const FILE_SYSTEM_PACKAGES: Readonly<Record<RootFs, readonly string[]>> = {
  ext4: [],
  xfs: ['xfsprogs'],
  btrfs: ['btrfs-progs'],
}

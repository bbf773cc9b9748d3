/** What a demo guest is made of. */
export interface DemoGuestRecipe {
  readonly suite: 'trixie' | 'bookworm'
  readonly boot: 'uefi' | 'bios' | 'both'
  readonly variant: 'cloud' | 'no-cloud-init'
}

/**
 * Debian packages of the guest.
 *
 * The cloud kernel has the guest side of TDX and SEV-SNP and no drivers of real hardware. grub-cloud-amd64 brings GRUB for
 * both firmwares; the signed GRUB and shim are what Secure Boot starts.
 */
export function guestPackages(recipe: DemoGuestRecipe): readonly string[] {
  return recipe.variant === 'cloud' ? [...BASE_PACKAGES, 'cloud-init'] : BASE_PACKAGES
}

const BASE_PACKAGES = [
  ['linux-image-cloud-amd64', 'initramfs-tools', 'zstd', 'kmod', 'udev', 'e2fsprogs', 'fdisk'],
  ['grub-cloud-amd64', 'grub-efi-amd64-signed', 'shim-signed'],
  ['systemd-sysv', 'systemd-resolved', 'systemd-timesyncd', 'libpam-systemd', 'dbus'],
  ['netplan.io', 'iproute2', 'openssh-server', 'sudo', 'cloud-guest-utils', 'python3', 'python3-apt'],
].flat()

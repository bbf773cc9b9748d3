#!/bin/sh
# Run by mmdebstrap (--essential-hook) on the host, before the guest's packages are installed.
# $1: root directory of the guest.
# What stands here is read by the packages' own install scripts, so it has to be there first.
set -eu
root=${1:?root directory of the guest}
# Everything below writes under this directory, perhaps as root: an empty name would be the host itself.
[ -d "$root/var/lib/dpkg" ] && [ "$(cd "$root" && pwd -P)" != / ] || exit 1

# A small initrd: what a virtual machine needs to find its root disk, not every driver of the kernel.
mkdir -p "$root/etc/initramfs-tools/conf.d"
cat >"$root/etc/initramfs-tools/conf.d/cloud-guest" <<'END'
MODULES=list
COMPRESS=zstd
COMPRESSLEVEL=3
FSTYPE=ext4
RESUME=none
END

mkdir -p "$root/etc/default/grub.d"
cat >"$root/etc/default/grub.d/50-cloudimg-settings.cfg" <<'END'
# Settings of a cloud image; later files of this directory win.
GRUB_TIMEOUT=0
GRUB_RECORDFAIL_TIMEOUT=0
GRUB_CMDLINE_LINUX=""
GRUB_CMDLINE_LINUX_DEFAULT="console=tty1 console=ttyS0"
GRUB_TERMINAL=console
GRUB_TERMINAL_INPUT=console
GRUB_TERMINAL_OUTPUT=console
GRUB_SERIAL_COMMAND=""
GRUB_DISABLE_OS_PROBER=true
END

cat >"$root/etc/fstab" <<'END'
LABEL=cloudimg-rootfs / ext4 defaults,discard,errors=remount-ro 0 1
END
if [ "${DEMO_HAS_ESP:-no}" = yes ]; then
  mkdir -p "$root/boot/efi"
  echo 'LABEL=UEFI /boot/efi vfat defaults,umask=0077 0 0' >>"$root/etc/fstab"
fi

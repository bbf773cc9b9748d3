#!/bin/sh
# Run by mmdebstrap (--customize-hook) on the host, after after-packages.sh, for a guest whose initrds dracut makes.
# $1: root directory of the guest.
set -eu
root=${1:?root directory of the guest}
# Everything below writes under this directory, perhaps as root: an empty name would be the host itself.
[ -d "$root/var/lib/dpkg" ] && [ "$(cd "$root" && pwd -P)" != / ] || exit 1

# What was written for initramfs-tools, which this guest has not.
rm -r "$root/usr/local/sbin/update-initramfs" "$root/etc/initramfs-tools"
rm -rf "$root/usr/share/initramfs-tools/modules.d"

#!/bin/sh
# Run by mmdebstrap (--essential-hook) on the host, after before-packages.sh, for a guest whose root is not ext4.
# $1: root directory of the guest. DEMO_ROOT_FS: its file system. DEMO_ROOT_LABEL: the label that it will get.
set -eu
root=${1:?root directory of the guest}
# Everything below writes under this directory, perhaps as root: an empty name would be the host itself.
[ -d "$root/var/lib/dpkg" ] && [ "$(cd "$root" && pwd -P)" != / ] || exit 1

# Neither xfs nor btrfs is checked at boot, and both know no errors=.
sed -i "s,^LABEL=[^ ]* / .*,LABEL=$DEMO_ROOT_LABEL / $DEMO_ROOT_FS defaults\\,discard 0 0," "$root/etc/fstab"
grep -q " / $DEMO_ROOT_FS " "$root/etc/fstab"

# The list of modules in after-packages.sh names ext4. dracut's generic initrds have every file system.
sed -i "s/^FSTYPE=.*/FSTYPE=$DEMO_ROOT_FS/" "$root/etc/initramfs-tools/conf.d/cloud-guest"
mkdir -p "$root/usr/share/initramfs-tools/modules.d"
echo "$DEMO_ROOT_FS" >"$root/usr/share/initramfs-tools/modules.d/root-fs"

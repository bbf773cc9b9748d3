#!/bin/sh
# Run by mmdebstrap (--customize-hook) on the host, after the guest's packages are installed.
# $1: root directory of the guest. DEMO_ROOT_UUID: UUID that its root file system will get.
# DEMO_SUITE: Debian release. DEMO_SCRIPTS: directory of this script.
set -eu
root=${1:?root directory of the guest}
# Everything below writes under this directory, perhaps as root: an empty name would be the host itself.
[ -d "$root/var/lib/dpkg" ] && [ "$(cd "$root" && pwd -P)" != / ] || exit 1
export DEBIAN_FRONTEND=noninteractive

# --- who the guest is: nobody yet; the first boot decides
rm -f "$root"/etc/ssh/ssh_host_*
: >"$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id" "$root/var/lib/systemd/random-seed"
echo debian >"$root/etc/hostname"
chmod 0644 "$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n127.0.1.1\tdebian\n::1\tlocalhost ip6-localhost ip6-loopback\n' >"$root/etc/hosts"
chroot "$root" usermod --lock root
# With a locale set, cloud-init does not generate one on the first boot.
echo LANG=C.UTF-8 >"$root/etc/default/locale"

# --- network: DHCP on whatever card there is, also without cloud-init
mkdir -p "$root/etc/netplan"
cat >"$root/etc/netplan/90-default.yaml" <<'END'
network:
  version: 2
  ethernets:
    all-en:
      match: { name: "en*" }
      dhcp4: true
      dhcp6: true
      optional: true
    all-eth:
      match: { name: "eth*" }
      dhcp4: true
      dhcp6: true
      optional: true
END
chmod 0600 "$root/etc/netplan/90-default.yaml"
ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"

# --- cloud-init: local datasources only, so that a boot never waits for a metadata server
if [ -d "$root/etc/cloud/cloud.cfg.d" ]; then
  echo 'datasource_list: [ NoCloud, ConfigDrive, None ]' >"$root/etc/cloud/cloud.cfg.d/90_dpkg.cfg"
fi

# --- packages come from Debian's own address, not from the mirror of the build host
rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
cat >"$root/etc/apt/sources.list.d/debian.sources" <<END
Types: deb
URIs: http://deb.debian.org/debian
Suites: $DEMO_SUITE $DEMO_SUITE-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: $DEMO_SUITE-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END

# --- initrd
cat >>"$root/etc/initramfs-tools/modules" <<'END'
virtio_pci
virtio_blk
virtio_scsi
virtio_net
nvme
sd_mod
ext4
END
chroot "$root" update-initramfs -c -k all

# --- boot loader: what grub-install would copy to /boot/grub, for both firmwares
for target in i386-pc x86_64-efi; do
  mkdir -p "$root/boot/grub/$target"
  cp "$root/usr/lib/grub/$target"/*.mod "$root/usr/lib/grub/$target"/*.lst "$root/boot/grub/$target/"
done
mkdir -p "$root/boot/grub/fonts"
cp "$root/usr/share/grub/unicode.pf2" "$root/boot/grub/fonts/"
cp "$root/usr/lib/grub/i386-pc/boot.img" "$root/boot/grub/i386-pc/"
cat >"$root/boot/grub/i386-pc/load.cfg" <<END
search.fs_uuid $DEMO_ROOT_UUID root
set prefix=(\$root)/boot/grub
END
chroot "$root" grub-mkimage --format=i386-pc --directory=/usr/lib/grub/i386-pc --prefix=/boot/grub \
  --config=/boot/grub/i386-pc/load.cfg --output=/boot/grub/i386-pc/core.img \
  biosdisk part_gpt ext2 search_fs_uuid
chroot "$root" grub-editenv /boot/grub/grubenv create

# update-grub asks grub-probe about the disk under /, which does not exist yet: for this one run a stand-in answers
mv "$root/usr/sbin/grub-probe" "$root/usr/sbin/grub-probe.real"
trap 'mv "$root/usr/sbin/grub-probe.real" "$root/usr/sbin/grub-probe"' EXIT
sed "s/@UUID@/$DEMO_ROOT_UUID/" "$DEMO_SCRIPTS/grub-probe.sh" >"$root/usr/sbin/grub-probe"
chmod 0755 "$root/usr/sbin/grub-probe"
# with this file present the kernel is told root=UUID=…, as in the started guest
mkdir -p "$root/dev/disk/by-uuid"
: >"$root/dev/disk/by-uuid/$DEMO_ROOT_UUID"
chroot "$root" update-grub
rm -rf "$root/dev/disk"

# what was left out of packages stays out of later ones; writes are flushed again
sed '/force-unsafe-io/d' "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap" >"$root/etc/dpkg/dpkg.cfg.d/no-documents"
rm -f "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"

rm -rf "$root"/var/cache/apt/*.bin "$root"/var/log/*.log "$root"/var/log/apt

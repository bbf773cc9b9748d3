#!/bin/sh
# Run by mmdebstrap (--essential-hook) on the host, after the other ones, for a guest whose initrds dracut makes.
# $1: root directory of the guest.
set -eu
root=${1:?root directory of the guest}
# Everything below writes under this directory, perhaps as root: an empty name would be the host itself.
[ -d "$root/var/lib/dpkg" ] && [ "$(cd "$root" && pwd -P)" != / ] || exit 1

# What an image for any machine has: dracut would look at the disks of the build host otherwise.
mkdir -p "$root/etc/dracut.conf.d"
cat >"$root/etc/dracut.conf.d/10-cloud-guest.conf" <<'END'
hostonly="no"
compress="zstd"
END

# after-packages.sh asks for initrds by this name; dracut-after.sh takes it away again.
mkdir -p "$root/usr/local/sbin"
cat >"$root/usr/local/sbin/update-initramfs" <<'END'
#!/bin/sh
exec dracut --force --regenerate-all
END
chmod 0755 "$root/usr/local/sbin/update-initramfs"

#!/bin/sh
# Before the scripts of plugins: looks whether cloud-init has done what plugins ask of it, so that no script meets a guest without its
# users and packages; then installs the .deb files that plugins bring. They are on the seed, and never on the guest's disk.
# rootfs-install.sh [ROOT]: of a guest that is not /, for tests.
set -eu
root=${1:-}
dir=$root/var/lib/cvm-image-rewriter
tab=$(printf '\t')
# shellcheck source=/dev/null
. "${0%/*}/rootfs-facts.sh"

look_at_cloud_inits_part() {
	rm -f "$dir/differs"
	wanted group | while IFS="$tab" read -r group who; do
		getent group "$group" >/dev/null || differs "there is no group $group, which $who asks for"
	done
	wanted user | while IFS="$tab" read -r user _ _ _ _ who; do
		getent passwd "$user" >/dev/null || differs "there is no user $user, whom $who asks for"
	done
	wanted package | while IFS="$tab" read -r package who; do
		is_installed "$package" || differs "the package $package is not installed, which $who asks for"
	done
}

# Only programs that are there: scripts of packages look for them, and do without when they are not.
make_standins() {
	mkdir -p "$standins"
	for name in update-initramfs dracut update-grub grub-mkconfig grub2-mkconfig; do
		! command -v "$name" >/dev/null || ln -sf ../rebuild-later.sh "$standins/$name"
	done
}

packages_now() {
	dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n' | grep ' installed$' | sort
}

# No list of sources, so that there is nothing to fetch; what these packages need is among them, or in the guest. With --no-download,
# apt 3.0 does not find files that lie elsewhere than in its cache ("Pathname to install is not absolute").
install_all() {
	DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 PATH=$standins:$PATH \
		apt-get install --yes --allow-downgrades \
		-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root \
		-o DPkg::Path="$standins:/usr/sbin:/usr/bin:/sbin:/bin" -o DPkg::Options::=--force-confold -o DPkg::Lock::Timeout=120 \
		"$@"
}

# The highest version of the kernels that came is the one that has to boot; rootfs-settings.sh sees to that.
note_kernel() {
	for deb; do
		dpkg-query -L "$(dpkg-deb -f "$deb" Package)" 2>/dev/null | sed -n 's,^/boot/vmlinuz-,,p'
	done | sort -V | tail -n 1 >"$dir/new-kernel"
	[ -s "$dir/new-kernel" ] || rm "$dir/new-kernel"
}

look_at_cloud_inits_part >"$dir/lacks"
if ! none_differed; then
	cloud_init_words
	cat "$dir/lacks"
	exit 1
fi
[ -n "$(wanted deb)" ] || exit 0

asked=$(wanted deb | cut -f 3 | sort -u | tr '\n' ',')
if ! command -v apt-get >/dev/null; then
	echo "this guest has no apt, and .deb files need it; asked for by ${asked%,}"
	exit 1
fi
standins=$dir/standins
mount_point=$(mktemp -d)
trap 'umount "$mount_point" || :; rmdir "$mount_point" || :; rm -rf "$standins"' EXIT
seed=$(blkid -L cidata)
mount -o ro "$seed" "$mount_point"
make_standins
packages_now >"$dir/packages-before"
if ! install_all "$mount_point"/debs/*.deb; then
	wanted deb | while IFS="$tab" read -r number file who; do echo "debs/$number is $file of $who"; done
	echo "apt could not install the .deb files (without a network: all that they need has to be among them or in the guest)"
	exit 1
fi
note_kernel "$mount_point"/debs/*.deb
packages_now | comm -3 "$dir/packages-before" - | sed 's/^\t/now /; t; s/^/before /' >"$dir/packages-changed"
cvm-note "packages that came or changed: $(sed -n 's/^now \(.*\) installed$/\1/p' "$dir/packages-changed" | head -n 20 | paste -s -d , | sed 's/,/, /g')"
gone=$(awk '$1 == "before" { gone[$2] } $1 == "now" { delete gone[$2] } END { for (name in gone) print name }' "$dir/packages-changed" | sort | paste -s -d ,)
[ -z "$gone" ] || cvm-note "packages that apt removed for them: $gone"

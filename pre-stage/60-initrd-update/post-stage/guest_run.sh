#!/bin/sh
# Reads every initrd back: what was asked for and is not in it fails the run.
set -eu
list=/usr/share/cvm-image-rewriter/initrd-files
[ -e "$list" ] || exit 0

contents() {
	if command -v lsinitramfs >/dev/null; then lsinitramfs "$1"; else lsinitrd "$1" | awk '{ print $9 }'; fi
}

# Early boot sees /usr/lib where the root has a link /lib.
canonical() {
	sed -e 's,^/*,,' -e 's,^\(lib\|lib64\|bin\|sbin\)/,usr/\1/,' | LC_ALL=C sort -u
}

found=0
for image in /boot/initrd.img-* /boot/initramfs-*.img; do
	case $image in *rescue* | *kdump* | *.old* | *.dpkg-bak | *.bak) continue ;; esac
	[ -e "$image" ] || continue
	found=$((found + 1))
	contents "$image" | canonical >/run/cvm-initrd-has
	canonical <"$list" | LC_ALL=C comm -23 - /run/cvm-initrd-has >/run/cvm-initrd-lacks
	if [ -s /run/cvm-initrd-lacks ]; then
		echo "not in $image:"
		cat /run/cvm-initrd-lacks
		exit 1
	fi
done
[ "$found" -gt 0 ] || { echo "no initrd in /boot"; exit 1; }
cvm-note "$(wc -l <"$list") files and directories are in the initrd (read back from $found)"

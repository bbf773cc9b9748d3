#!/bin/sh
# inventory.sh all|changed [ROOT]: prints what is in the guest: for `cvm-rewrite plugin test`, which compares two runs. Only a run
# that asks for it has this called.
#
# Records end with a zero byte; one that begins with "=" names the section of those that follow. "all" looks also at what this
# run has not touched: digests of /etc and /boot, every initrd, every text. The host's half is src/guest/read-listing.ts.
# No name of a user is looked up, and few untouched files are opened: an emulated guest would need minutes for that.
set -u
mode=$1
root=${2:-}
dir=$root/var/lib/cvm-image-rewriter
stamp=$dir/stamp
LC_ALL=C
export LC_ALL

section() { printf '=%s\0' "$1"; }
as_records() { tr '\n' '\0'; }

# Mount points of what is on a disk; a tree for tests is one by itself. A guest's /proc/mounts writes a blank as \040.
mount_points() {
	[ -z "$root" ] || { echo /; return; }
	awk '$1 ~ /^\/dev\// && $3 !~ /^(iso9660|squashfs)$/ && !seen[$2]++ { print $2 }' /proc/mounts
}

list_files() {
	section "files $1"
	find . -xdev -path ./var/lib/cvm-image-rewriter -prune -o \
		-type l -printf 'l %m %U %G 0 0 %P\0>%l\0' -o -printf '%y %m %U %G %s %Ts %P\0'
	section "sums $1"
	case $mode:$1 in
	all:/boot*) set -- -true ;;
	all:*) set -- \( -path './etc/*' -o -path './boot/*' -o -cnewer "$stamp" \) ;;
	*) set -- -cnewer "$stamp" ;;
	esac
	find . -xdev -path ./var/lib/cvm-image-rewriter -prune -o -type f "$@" -print0 | xargs -0 -r sha256sum -z --
}

list_packages() {
	section packages
	{ dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package} ${Version} ${Architecture}\n' || rpm -qa --root "${root:-/}" --qf '%{NAME} %{VERSION}-%{RELEASE} %{ARCH}\n'; } 2>/dev/null | as_records
	# The files of the packages that have come or changed.
	section owned
	find "$root/var/lib/dpkg/info" -name '*.list' -cnewer "$stamp" -print0 2>/dev/null | xargs -0 -r grep -H '' |
		sed 's,^[^:]*/\([^/:]*\)\(:[^/:]*\)\{0\,1\}\.list:,\1:,' | as_records
}

# One line for each file and directory of an initrd.
list_initrd() {
	if command -v lsinitramfs >/dev/null; then
		lsinitramfs "$1"
	elif command -v lsinitrd >/dev/null; then
		lsinitrd "$1" | sed -n -E 's/^[-dlcbps][-rwxsStT]{9} .* [0-9]{2}:[0-9]{2} //p'
	fi 2>/dev/null
}

list_initrds() {
	for initrd in "$root"/boot/initrd* "$root"/boot/initramfs-*; do
		if [ ! -f "$initrd" ] || [ -L "$initrd" ]; then continue; fi
		[ "$mode" = all ] || [ -n "$(find "$initrd" -cnewer "$stamp")" ] || continue
		section "initrd ${initrd##*/}"
		list_initrd "$initrd" | as_records
	done
}

# Lines of small text files that everybody may read, each behind its path and a zero byte; nothing that may be a secret.
list_texts() {
	section texts
	newer=
	[ "$mode" = all ] || newer="-cnewer $stamp"
	# shellcheck disable=SC2086 # two words, and a path of ours
	cd "${root:-/}" && find etc -xdev -type d ! -perm -o=x -prune -o -type f -perm -o=r -size -16385c $newer \
		! -iname '*shadow*' ! -iname '*key*' ! -iname '*passw*' ! -iname '*secret*' ! -iname '*token*' -print0 2>/dev/null |
		xargs -0 -r grep -I -H -Z '' | head -c 8388608
}

mount_points | while read -r point; do
	cd "$root$(printf '%b' "$point")" 2>/dev/null && list_files "$point"
done
list_packages
section users
cut -d : -f 1,3,4,6,7 "$root/etc/passwd" | as_records
section groups
cut -d : -f 1,3,4 "$root/etc/group" | as_records
section cmdline
grep -h -E '^[[:space:]]*linux(16|efi)?[[:space:]]' "$root/boot/grub/grub.cfg" "$root/boot/grub2/grub.cfg" 2>/dev/null | as_records
list_initrds
list_texts

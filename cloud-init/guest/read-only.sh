#!/bin/sh
# read-only.sh close|open [ROOT]: what the list in the image says is read-only (a line each: chattr or bind, tab, path; written by
# 05-readonly-data). `close` sets the flags as the last change of all, because nothing can write to such a file afterwards; `open` takes
# them off at the start of a later rewrite, whose files and scripts would fail on them. Mounts are opened here, and closed by every boot.
set -eu
root=${2:-}
list=$root/etc/cvm-image-rewriter/read-only
tab=$(printf '\t')

# each PATH COMMAND...: for the regular files and directories there, on one file system; links are not followed.
each() {
	path=$1
	shift
	find "$path" -xdev \( -type f -o -type d \) -exec "$@" {} +
}

close() { # close PATH
	if [ -L "$root$1" ] || { [ ! -f "$root$1" ] && [ ! -d "$root$1" ]; }; then
		echo "$1 is to be read-only, and is no file or directory any more"
		return 1
	fi
	# By name, as stat(1) of coreutils prints it for ext2, ext3 and ext4.
	kind=$(stat -f -c %T "$root$1")
	case $kind in
	ext2/ext3 | xfs | btrfs) ;;
	*)
		echo "$1 is on a file system ($kind) without the flag of chattr +i; a read-only mount works there: see 05-readonly-data"
		return 1
		;;
	esac
	each "$root$1" chattr +i
	wanted=$(find "$root$1" -xdev \( -type f -o -type d \) -printf x | wc -c)
	have=$(each "$root$1" lsattr -d | awk '$1 ~ /^[-A-Za-z]+$/ && $1 ~ /i/' | wc -l)
	if [ "$have" -ne "$wanted" ]; then
		echo "$1: only $have of $wanted files and directories have the flag of chattr +i"
		return 1
	fi
	total=$((total + have))
}

open() { # open HOW PATH
	if [ "$1" = bind ]; then
		! mountpoint -q "$root$2" || umount "$root$2" || umount -l "$root$2"
	elif [ -e "$root$2" ]; then
		each "$root$2" chattr -i
	fi
}

total=0
while IFS=$tab read -r how path; do
	case $1 in
	open) open "$how" "$path" ;;
	close) [ "$how" != chattr ] || close "$path" || exit ;;
	esac
done <"$list"
[ "$total" -eq 0 ] || cvm-note "$total files and directories have the flag that nobody can write or remove them (read back)"

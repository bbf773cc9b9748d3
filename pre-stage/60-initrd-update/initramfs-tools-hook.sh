#!/bin/sh
# A hook of initramfs-tools: copies what the rewriter's plugin 60-initrd-update listed. initramfs-tools(7), "Hook scripts".
case "${1:-}" in
prereqs)
	exit 0
	;;
esac
# shellcheck source=/dev/null
. /usr/share/initramfs-tools/hook-functions

is_elf() {
	[ "$(head -c 4 "$1" | od -An -c | tr -d ' ')" = '177ELF' ]
}

# Sorted: a directory stands before what is in it.
while IFS= read -r file; do
	target=$DESTDIR$file
	if [ -L "$file" ]; then
		mkdir -p "$(dirname "$target")"
		cp -P "$file" "$target"
	elif [ -d "$file" ]; then
		# Those that the initrd has anyway keep their mode.
		[ -d "$target" ] || { mkdir -p "$target" && chmod --reference="$file" "$target"; }
	else
		# Programs and libraries bring the libraries that they are linked with.
		if is_elf "$file"; then copy_exec "$file" "$file"; fi
		mkdir -p "$(dirname "$target")"
		cp -p "$file" "$target"
	fi || exit 1
done </usr/share/cvm-image-rewriter/initrd-files

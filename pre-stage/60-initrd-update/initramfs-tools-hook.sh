#!/bin/sh
# A hook of initramfs-tools: copies what the rewriter's plugin 60-initrd-update listed. initramfs-tools(7), "Hook scripts".
case "${1:-}" in
prereqs)
	exit 0
	;;
esac
# shellcheck source=/dev/null
. /usr/share/initramfs-tools/hook-functions

while IFS= read -r file; do
	if [ -L "$file" ]; then
		mkdir -p "$DESTDIR$(dirname "$file")"
		cp -P "$file" "$DESTDIR$file"
	elif [ -x "$file" ]; then
		# Programs bring the libraries that they are linked with.
		copy_exec "$file" "$file"
		cp -p "$file" "$DESTDIR$file"
	else
		mkdir -p "$DESTDIR$(dirname "$file")"
		cp -p "$file" "$DESTDIR$file"
	fi
done </usr/share/cvm-image-rewriter/initrd-files

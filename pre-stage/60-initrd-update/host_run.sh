#!/bin/bash
# Writes the list of what the initrd has to hold; the guest's hook and the check afterwards read it.
set -euo pipefail
list=files/usr/share/cvm-image-rewriter/initrd-files

if [ ! -d files ] || [ -z "$(find files -mindepth 1 -print -quit)" ]; then
	echo "no files/ here: nothing to do"
	exit 0
fi
if [ -n "$(find files -name '*'$'\n''*' -print -quit)" ]; then
	echo "a file name under files/ has a line break, which no initrd tool can take"
	exit 1
fi

names=$(cd files && find . -mindepth 1 -printf '/%P\n' | LC_ALL=C sort)
mkdir -p "$(dirname "$list")"
printf '%s\n' "$names" >"$list"
install -D -m 755 initramfs-tools-hook.sh files/etc/initramfs-tools/hooks/cvm-initrd-files
echo "$(wc -l <"$list") files and directories for the initrd"

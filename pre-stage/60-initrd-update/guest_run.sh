#!/bin/sh
# For dracut the list becomes a configuration file; initramfs-tools has its hook from files/.
set -eu
list=/usr/share/cvm-image-rewriter/initrd-files
if [ ! -e "$list" ]; then
	exit 0
fi
# Not by the program: the dracut of some distributions brings an update-initramfs too.
if [ -e /usr/share/initramfs-tools/hook-functions ]; then
	exit 0
fi
rm -f /etc/initramfs-tools/hooks/cvm-initrd-files
rmdir /etc/initramfs-tools/hooks /etc/initramfs-tools 2>/dev/null || :
if ! command -v dracut >/dev/null; then
	echo "this guest has neither initramfs-tools nor dracut"
	exit 1
fi
# Its list is words of a shell, unquoted.
if grep '[][[:space:]*?"$`\\]' "$list"; then
	echo "dracut cannot take these file names, because of spaces or signs that a shell knows"
	exit 1
fi
mkdir -p /etc/dracut.conf.d
printf 'install_items+=" %s "\n' "$(tr '\n' ' ' <"$list")" >/etc/dracut.conf.d/60-cvm-initrd-files.conf

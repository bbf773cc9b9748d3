#!/bin/sh
# Stands for update-initramfs, update-grub and their like, under their names and first in PATH, while rootfs-install.sh installs
# packages: initrds and the boot loader's configuration are rebuilt once, at the end of the run, by boot-files.sh.
set -eu
name=${0##*/}
standins=${0%/*}
dir=${standins%/*}

real() {
	PATH=$(printf '%s' "$PATH" | sed "s,$standins:,,g")
	export PATH
	exec "$name" "$@"
}

# Answers, and the initrd of a kernel that goes, do not wait.
for argument; do
	case $name:$argument in
	*:--version | *:--help | *:-h | update-initramfs:-d* | dracut:--list-modules) real "$@" ;;
	esac
done
case $name in
update-initramfs | dracut) : >"$dir/rebuild-initrds" ;;
*) : >"$dir/rebuild-grub" ;;
esac
echo "$name: not now, but at the end of the run"

#!/bin/sh
# The root file system was grown before the files were unpacked; this makes sure that it really has about the size asked for.
set -eu
[ -n "${GUEST_SIZE:-}" ] || exit 0

root_kib=$(df -Pk / | awk 'NR == 2 { print $2 }')
name=$(lsblk -n -s -l -o NAME,TYPE "$(readlink -f "$(findmnt -n -o SOURCE / | sed 's/\[.*//')")" | awk '$2 == "disk" { print $1; exit }')
disk_kib=$(($(cat "/sys/class/block/$name/size") / 2))

# Boot partitions and the file system's own tables take a share; a root that stayed small misses by far more.
if [ "$root_kib" -lt $((disk_kib * 7 / 10)) ]; then
	echo "the disk has $((disk_kib / 1024)) MiB, but / only $((root_kib / 1024)) MiB: is another partition behind the root?"
	exit 1
fi
cvm-note "/ has $((root_kib / 1024)) MiB of a disk of $((disk_kib / 1024)) MiB"

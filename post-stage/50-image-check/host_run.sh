#!/bin/bash
# GUEST_IMG is the finished image before it gets the output's name.
set -euo pipefail
export LC_ALL=C

qemu-img check -q -f qcow2 "$GUEST_IMG"
info=$(qemu-img info -f qcow2 --output=json "$GUEST_IMG")
if [[ $info == *'"backing-filename"'* || $info == *'"data-file"'* ]]; then
	echo "the image needs another file"
	exit 1
fi
# By its indent: newer qemu-img prints the sizes of the files below the image too, and first.
virtual=$(sed -n 's/^    "virtual-size": \([0-9][0-9]*\),\{0,1\}$/\1/p' <<<"$info")
[ -n "$virtual" ] || { echo "qemu-img info does not tell the size of the disk"; exit 1; }
echo "sound; disk of $((virtual >> 20)) MiB in a file of $(($(stat -c %s "$GUEST_IMG") >> 20)) MiB"

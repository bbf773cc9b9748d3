#!/bin/bash
# Grows the disk to GUEST_SIZE. Partition and file system follow in the guest, which sees that its disk has grown.
set -euo pipefail

if [ -z "${GUEST_SIZE:-}" ]; then
	echo "GUEST_SIZE is not given: nothing to do"
	exit 0
fi
# Six digits: even of T, the number of bytes then fits into the shell's 64 bits.
if ! [[ $GUEST_SIZE =~ ^([1-9][0-9]{0,5})([MGT])$|^([1-9][0-9]{0,14})(K)$ ]]; then
	echo "GUEST_SIZE must be a whole number with K, M, G or T, such as 50G; it is: ${GUEST_SIZE:0:80}"
	exit 1
fi
declare -A unit=([K]=$((1 << 10)) [M]=$((1 << 20)) [G]=$((1 << 30)) [T]=$((1 << 40)))
wanted=$((${BASH_REMATCH[1]}${BASH_REMATCH[3]} * unit[${BASH_REMATCH[2]}${BASH_REMATCH[4]}]))

# The image's own size, and not that of a file below it, which newer qemu-img prints first: by its indent.
present=$(LC_ALL=C qemu-img info -f qcow2 --output=json "$GUEST_IMG" |
	sed -n 's/^    "virtual-size": \([0-9][0-9]*\),\{0,1\}$/\1/p')
if [ -z "$present" ]; then
	echo "qemu-img info does not tell the size of the disk"
	exit 1
fi

if [ "$wanted" -eq "$present" ]; then
	echo "the disk has $GUEST_SIZE already: nothing to do"
elif [ "$wanted" -lt "$present" ]; then
	echo "GUEST_SIZE=$GUEST_SIZE is less than the $present bytes that the disk has; it is never made smaller"
	exit 1
else
	qemu-img resize -q -f qcow2 "$GUEST_IMG" "$wanted"
	echo "the disk grows from $((present >> 20)) MiB to $((wanted >> 20)) MiB"
fi

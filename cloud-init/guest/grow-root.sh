#!/bin/sh
# Grows the partition and the file system of / to what the disk has: any partition number, with or without
# LVM, ext2/3/4, xfs, btrfs. Harmless when there is nothing to grow.
set -eu

root_source=$(findmnt -n -o SOURCE / | sed 's/\[.*//')
root_type=$(findmnt -n -o FSTYPE /)
root_device=$(readlink -f "$root_source")

# For LVM: the physical volume below the logical one.
partition=$root_device
case $(lsblk -n -d -o TYPE "$root_device") in
lvm)
	partition=$(lsblk -n -s -l -p -o NAME,TYPE "$root_device" | awk '$2 == "part" { print $1; exit }')
	;;
esac

name=${partition##*/}
if [ -e "/sys/class/block/$name/partition" ]; then
	disk=/dev/$(basename "$(readlink -f "/sys/class/block/$name/..")")
	number=$(cat "/sys/class/block/$name/partition")

	# growpart: 0 grown, 1 with NOCHANGE when there is no room behind the partition.
	if said=$(growpart "$disk" "$number" 2>&1); then
		echo "$said"
	else
		echo "$said"
		case $said in
		*NOCHANGE*) ;;
		*) exit 1 ;;
		esac
	fi
else
	kind=$(lsblk -n -d -o TYPE "$partition")
	# A file system on the whole disk has no partition to grow.
	if [ "$kind" != disk ]; then
		echo "do not know how to grow a root on a device of type $kind ($partition)"
		exit 1
	fi
fi

if [ "$partition" != "$root_device" ]; then
	pvresize "$partition"
	lvextend -l +100%FREE "$root_device" || [ $? -eq 5 ]
fi

case $root_type in
ext2 | ext3 | ext4) resize2fs "$root_device" ;;
xfs) xfs_growfs / ;;
btrfs) btrfs filesystem resize max / ;;
*)
	echo "do not know how to grow a root file system of type $root_type"
	exit 1
	;;
esac

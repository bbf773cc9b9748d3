#!/bin/sh
# Stands in for grub-probe while update-grub runs at build time: the disk that it would look at does not exist yet.
# The answers are those that the real program gives in the started guest. @UUID@ is filled in by after-packages.sh.
target=device
while [ $# -gt 0 ]; do
  case $1 in
    --target=*) target=${1#--target=} ;;
    -t | --target)
      target=$2
      shift
      ;;
  esac
  shift
done
case $target in
  device) echo /dev/vda1 ;;
  disk) echo /dev/vda ;;
  fs) echo ext2 ;;
  fs_uuid) echo @UUID@ ;;
  fs_label) echo cloudimg-rootfs ;;
  partmap) echo gpt ;;
  drive) echo '(hd0,gpt1)' ;;
  compatibility_hint | hints_string | abstraction) echo ;;
  *) exit 1 ;;
esac

#!/bin/sh
# Can this guest do it at all: its kernels, its systemd? And where grub reads no drop-ins, the arguments go in by grubby.
set -eu
for config in /boot/config-*; do
	[ -e "$config" ] || continue
	if ! grep -q '^CONFIG_IMA_APPRAISE=y' "$config"; then
		echo "${config#/boot/config-} has no CONFIG_IMA_APPRAISE: it cannot do what this plugin is for"
		exit 1
	fi
done
if ! command -v python3 >/dev/null; then
	echo "this guest has no python3, which writes the labels"
	exit 1
fi
case $(systemctl --version) in
*+IMA*) ;;
*)
	echo "the systemd of this guest is built without IMA: it would not load the policy"
	exit 1
	;;
esac
if ! command -v update-grub >/dev/null; then
	if ! command -v grubby >/dev/null; then
		echo "neither update-grub nor grubby here: the kernel arguments cannot be set"
		exit 1
	fi
	arguments=$(sed -n 's/.*_DEFAULT \(ima_[^"]*\)"$/\1/p' /etc/default/grub.d/98-ima.cfg)
	grubby --update-kernel=ALL --args="$arguments"
	rm /etc/default/grub.d/98-ima.cfg
fi
# A first pass while the initrd is rebuilt. The one that counts comes last, in the post-stage, and takes up what has changed since.
cvm-beside /usr/share/cvm-image-rewriter/ima-label.sh

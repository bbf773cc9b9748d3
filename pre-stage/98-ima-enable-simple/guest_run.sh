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

# A first pass, beside the rebuilding of the initrd that follows, which leaves a processor idle. The one that counts comes
# last, in the post-stage, and has only what changed meanwhile to do; so nothing depends on how this one ends.
mkdir -m 700 /run/cvm-ima
labeller=/usr/share/cvm-image-rewriter/ima-label.py
setsid nice -n 5 flock /run/cvm-ima/lock python3 -I -S -B "$labeller" --remember /run/cvm-ima/done \
	/usr /etc /opt /bin /sbin /lib /lib32 /lib64 /libx32 >/dev/null 2>&1 </dev/null &

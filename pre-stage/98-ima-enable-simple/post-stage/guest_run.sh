#!/bin/sh
# Labels, after everything else: nothing may change a file once its digest stands in its label.
set -eu
labeller=/usr/share/cvm-image-rewriter/ima-label.py

# A setting of the guest's own that comes later could have thrown our arguments away.
drop_in=/etc/default/grub.d/98-ima.cfg
if [ -e "$drop_in" ]; then
	argument=$(sed -n 's/.*\(ima_appraise=[a-z]*\).*/\1/p' "$drop_in")
	if ! grep -q -E "^[[:space:]]*linux.*[[:space:]]$argument([[:space:]]|\$)" /boot/grub/grub.cfg; then
		echo "$argument did not reach /boot/grub/grub.cfg: does a later file in /etc/default/grub.d set the kernel command line anew?"
		exit 1
	fi
fi

# -I -S -B: nothing from the environment, no site packages, no byte code written beside it. /bin and /lib are links
# in most guests, and passed over then.
[ -d /run/cvm-ima ] || mkdir -m 700 /run/cvm-ima
said=$(python3 -I -S -B "$labeller" --remember /run/cvm-ima/labelled /usr /etc /opt /bin /sbin /lib /lib32 /lib64 /libx32)
rm -r "$labeller" /usr/share/cvm-image-rewriter/ima-first-pass.sh /run/cvm-ima
rmdir /usr/share/cvm-image-rewriter 2>/dev/null || :
cvm-note "$said"

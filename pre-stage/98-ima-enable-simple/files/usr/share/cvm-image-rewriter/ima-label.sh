#!/bin/sh
# One pass of labelling, and what it has to know of an earlier one. /bin and /lib are links in most guests, and passed over then.
[ -d /run/cvm-ima ] || mkdir -m 700 /run/cvm-ima || exit
# -I -S -B: nothing from the environment, no site packages, no byte code written beside it.
exec python3 -I -S -B /usr/share/cvm-image-rewriter/ima-label.py --remember /run/cvm-ima/labelled \
	/usr /etc /opt /bin /sbin /lib /lib32 /lib64 /libx32

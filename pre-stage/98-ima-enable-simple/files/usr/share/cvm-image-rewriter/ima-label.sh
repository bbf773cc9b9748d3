#!/bin/sh
# A first pass of labelling while the initrd is rebuilt. The one that counts comes last, in the post-stage, and takes up only
# what has changed since.
mkdir -m 700 /run/cvm-ima || exit
exec python3 -I -S -B /usr/share/cvm-image-rewriter/ima-label.py --remember /run/cvm-ima/labelled \
	/usr /etc /opt /bin /sbin /lib /lib32 /lib64 /libx32

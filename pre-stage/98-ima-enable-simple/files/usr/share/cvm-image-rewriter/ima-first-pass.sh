#!/bin/sh
# A first pass of labelling beside the rest of the boot. The one that counts comes last, in the post-stage, and has only
# what changed meanwhile to do; so nothing depends on how this one ends.
labeller=/usr/share/cvm-image-rewriter/ima-label.py
command -v python3 >/dev/null || exit 0
# Only in time that nobody else wants: the rebuilding of the initrd, which comes next, is what the run waits for.
idly="nice -n 19"
! command -v chrt >/dev/null || idly="chrt --idle 0"
[ -d /run/cvm-ima ] || mkdir -m 700 /run/cvm-ima
# shellcheck disable=SC2086 # words of a command
setsid $idly flock /run/cvm-ima/lock python3 -I -S -B "$labeller" --remember /run/cvm-ima/done \
	/usr /etc /opt /bin /sbin /lib /lib32 /lib64 /libx32 >/dev/null 2>&1 </dev/null &

#!/bin/sh
# cvm-beside PROGRAM: to be run while the initrds are rebuilt, if they are and there is a second processor. It is ended when the
# rebuild is over, so nothing may depend on it: it makes a later part of the same plugin shorter. In the PATH of every guest
# script of a run.
set -eu
case ${1:-} in
/*) [ -x "$1" ] || { echo "cvm-beside: $1 is no program" >&2; exit 1; } ;;
*)
	echo "cvm-beside: it takes the absolute path of a program" >&2
	exit 1
	;;
esac
mkdir -p /var/lib/cvm-image-rewriter/beside
ln -sfn "$1" "/var/lib/cvm-image-rewriter/beside/${CVM_PART:-}-${1##*/}"

#!/bin/bash
# run-runcmd.bash FILE: runs the shell script that cloud-init made of all runcmd lists, as sh would, and
# reports every command of it that fails. cloud-init itself sees only the exit code of the last one.
set -o posix
set -E
shopt -s xpg_echo
# shellcheck source=/dev/null
. /var/lib/cvm-image-rewriter/report.sh

failures=$CVM_DIR/runcmd-failures
: >"$failures"

report_failure() {
	cvm_event runcmd-failed "\"rc\":$1,\"command\":\"$(printf '%s' "$2" | head -c 1024 | cvm_text)\""
	echo "$1" >>"$failures"
}

trap 'report_failure $? "$BASH_COMMAND"' ERR
# shellcheck source=/dev/null
. "$1"
trap - ERR

[ ! -s "$failures" ] || exit "$(head -n 1 "$failures")"

#!/bin/sh
# First of the x-shellscript parts. cloud-init would run the parts one by one, ignore which of them failed
# and go on; this runs them in the same order from the same place, reports each, and stops at the first failure.
#
# Parts are moved away when they are done, so cloud-init finds nothing left to run after this one.
set -u
. /var/lib/cvm-image-rewriter/report.sh
PATH=$PATH:$CVM_DIR/bin
export PATH

scripts=$(dirname "$0")
mkdir -p "$CVM_DIR/done" "$CVM_DIR/post-stage"

for part in "$scripts"/post-*; do
	[ ! -f "$part" ] || mv "$part" "$CVM_DIR/post-stage/"
done

if [ -e "$CVM_DIR/rootfs-wishes" ]; then
	cvm_run rootfs-install "$CVM_DIR/rootfs-install.sh" || cvm_fail rootfs-install $?
fi

# Programs that a plugin.yaml requires, with the plugin behind a tab: packages of the same run may have brought them.
if [ -e "$CVM_DIR/requires" ]; then
	cvm_missing=$(while read -r program plugin; do command -v "$program" >/dev/null || echo "$program, required by $plugin"; done <"$CVM_DIR/requires")
	if [ -n "$cvm_missing" ]; then
		cvm_run requires printf 'not in the guest: %s\n' "$cvm_missing"
		cvm_fail requires 1
	fi
fi

for part in "$scripts"/[0-9]*; do
	name=${part##*/}
	if [ ! -f "$part" ] || [ "$name" = "${0##*/}" ]; then continue; fi
	cvm_run "$name" "$part"
	rc=$?
	mv "$part" "$CVM_DIR/done/"
	[ "$rc" -eq 0 ] || cvm_fail "$name" "$rc"
done

if [ -f "$scripts/runcmd" ]; then
	if command -v bash >/dev/null; then
		cvm_run runcmd "$CVM_DIR/run-runcmd.bash" "$scripts/runcmd"
	else
		# No report of each line here, but the first that fails ends it.
		cvm_run runcmd sh -e "$scripts/runcmd"
	fi
	rc=$?
	mv "$scripts/runcmd" "$CVM_DIR/done/"
	[ "$rc" -eq 0 ] || cvm_fail runcmd "$rc"
fi

# The rest waits for cloud-init to finish, so it cannot be one of its children's children: cloud-init's
# units kill only their main process (KillMode=process), a session of its own outlives them.
setsid "$CVM_DIR/finish.sh" >>"$CVM_DIR/log/finish" 2>&1 </dev/null &

#!/bin/sh
# The first thing of ours that runs in the guest, from cloud-init's network stage, before any cloud-config
# module and any script: opens the report and unpacks the payload. cloud-init starts it at every boot.
set -u
dir=/var/lib/cvm-image-rewriter

if [ -e "$dir/report.sh" ]; then
	# A restart in the middle of the run; the host counts these.
	. "$dir/report.sh"
	cvm_event boot
	exit 0
fi

umask 077
seed=$(blkid -L cidata) || exit 1
mount_point=$(mktemp -d)
mount -o ro "$seed" "$mount_point" || exit 1
mkdir -p "$dir/log" "$dir/bin"
cp "$mount_point"/cvm/* "$dir/"
chmod 700 "$dir"/*.sh "$dir"/*.bash
ln -s ../cvm-note.sh "$dir/bin/cvm-note"
: >"$dir/stamp"

. "$dir/report.sh"
# A sealed image that is rewritten: what the seal put there to keep cloud-init closed goes; sealing puts it back.
if [ -e /etc/issue.d/90-cvm-sealed.issue ]; then
	rm -f /etc/issue.d/90-cvm-sealed.issue /etc/cvm-image-rewriter/cloud-init-closed /etc/systemd/system/cloud-*.d/90-cvm-closed.conf
	[ -e /etc/cloud/cloud-init.disabled ] || rm -f /etc/cloud/cloud-init.disabled
fi
stty -F "$CVM_PORT" raw -echo 2>/dev/null
cvm_event boot

# A disk that a plugin made larger: grow the root first, the payload may need the room.
if [ "${CVM_DISK_GROWN:-0}" = 1 ]; then
	cvm_run grow-root "$dir/grow-root.sh" || cvm_fail grow-root 1
fi

if [ -e "$mount_point/payload.tar" ]; then
	need_kb=$((CVM_PAYLOAD_BYTES / 1024))
	free_kb=$(df -Pk / | awk 'NR == 2 { print $4 }')
	if [ "$need_kb" -gt "$free_kb" ]; then
		cvm_event no-space "\"needKiB\":$need_kb,\"freeKiB\":$free_kb"
		cvm_fail payload 28
	fi
	# --keep-directory-symlink: /lib may be a link to usr/lib, and must stay one.
	# --no-overwrite-dir: directories that the guest has keep their owner and mode.
	# --delay-directory-restore is implied by -p for new directories with narrow modes.
	umask 022
	tar --extract --file="$mount_point/payload.tar" --directory=/ --preserve-permissions --same-owner --numeric-owner \
		--keep-directory-symlink --no-overwrite-dir --xattrs --xattrs-include='*' --acls >"$dir/log/payload" 2>&1
	rc=$?
	umask 077
	cvm_event payload "\"rc\":$rc,\"tail\":\"$(cvm_tail "$dir/log/payload")\""
	[ "$rc" -eq 0 ] || cvm_fail payload "$rc"
	# cloud-init's own view of units and drop-ins must include what has just arrived.
	[ ! -d /run/systemd/system ] || [ "${CVM_PAYLOAD_HAS_UNITS:-0}" != 1 ] || systemctl daemon-reload
fi
umount "$mount_point"
rmdir "$mount_point"

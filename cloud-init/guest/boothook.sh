#!/bin/sh
# The first thing of ours that runs in the guest, from cloud-init's network stage, before any cloud-config
# module and any script: opens the report and unpacks the payload. cloud-init starts it at every boot.
set -u
dir=/var/lib/cvm-image-rewriter

if [ -e "$dir/report.sh" ]; then
	# A restart in the middle of the run; the host counts these.
	. "$dir/report.sh"
	cvm_event boot
	# Before the scripts a restart does no harm. Later cloud-init takes them for done, and the run would never end.
	[ ! -e "$dir/done" ] || cvm_fail restart 1
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
ln -s ../cvm-beside.sh "$dir/bin/cvm-beside"
: >"$dir/stamp"
# The clock of file times stands still for up to 10 ms: what comes next must be newer than the stamp.
sleep 0.05

. "$dir/report.sh"
# For this boot only: see src/guest/fixed-addresses.ts, which reaches a systemd that is new enough before this.
[ "${CVM_EMULATED:-0}" != 1 ] || echo 0 >/proc/sys/kernel/randomize_va_space
# A sealed image that is rewritten: what the seal put there to keep cloud-init closed goes; sealing puts it back.
if [ -e /etc/issue.d/90-cvm-sealed.issue ]; then
	rm -f /etc/issue.d/90-cvm-sealed.issue /etc/cvm-image-rewriter/cloud-init-closed /etc/systemd/system/cloud-*.d/90-cvm-closed.conf
	[ -e /etc/cloud/cloud-init.disabled ] || rm -f /etc/cloud/cloud-init.disabled
fi
stty -F "$CVM_PORT" raw -echo 2>/dev/null
cvm_event boot

# What an earlier rewrite made read-only would be so for the files and scripts of this one.
if [ -e /etc/cvm-image-rewriter/read-only ]; then
	cvm_run read-only-open "$dir/read-only.sh" open || cvm_fail read-only-open 1
fi

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
	conflicts=$("$dir/payload-conflicts.sh" "$mount_point/payload.tar" | head -n 20)
	if [ -n "$conflicts" ]; then
		cvm_event payload "\"rc\":1,\"tail\":\"$(printf '%s\n' "$conflicts" | cvm_text)\""
		cvm_fail payload 1
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
	# Where SELinux rules, a new file has its directory's label, which for some paths is not the right one.
	if command -v restorecon >/dev/null && selinuxenabled 2>/dev/null; then
		tar --list --quoting-style=literal --file="$mount_point/payload.tar" | sed 's,^,/,' | restorecon -i -f - >>"$dir/log/payload" 2>&1
	fi
	# cloud-init's own view of units and drop-ins must include what has just arrived.
	[ ! -d /run/systemd/system ] || [ "${CVM_PAYLOAD_HAS_UNITS:-0}" != 1 ] || systemctl daemon-reload
fi
umount "$mount_point"
rmdir "$mount_point"

#!/bin/sh
# Modes of what stands in memory and is new at each boot: by tmpfiles.d where it is there from the start, by a unit where it comes with
# the device. In the post-stage for the same reason as 07-device-permission: no initrd needs any of it.
# guest_run.sh [ROOT]: of a guest that is not /, for tests.
set -eu
root=${1:-}
group=${CVM_DEVICE_GROUP:-attest}
unit=cvm-attestation-entry.service
entry_conf=/etc/cvm-image-rewriter/attestation-entry.conf

# Columns 3 to 5 of tmpfiles.d(5): mode, owner, group.
case ${CVM_DEVICE_MODE_WORLD:-false} in
true)
	dir="0757 root root" log="0444 root root" blob_in="0666 root root" blob_out="0444 root root"
	said="every process may use the interfaces for attestation (CVM_DEVICE_MODE_WORLD)"
	;;
*)
	getent group "$group" >/dev/null || groupadd --system "$group"
	dir="0770 root $group" log="0440 root $group" blob_in="0220 root $group" blob_out="0440 root $group"
	said="root and the group $group may use the interfaces for attestation"
	;;
esac

write() { # write FILE: from stdin, readable by all
	mkdir -p "$root${1%/*}"
	cat >"$root$1"
	chmod 644 "$root$1"
}

write /etc/tmpfiles.d/cvm-attestation.conf <<END
# Made by 08-attestation-permissions.
# Where a quote service has its sockets.
d /run/cima 0755 root root -
d /run/cima/uds $dir -
# The log of IMA; newer kernels have one for each digest, and links with the old names.
z /sys/kernel/security/integrity/ima/ascii_runtime_measurements* $log -
z /sys/kernel/security/integrity/ima/binary_runtime_measurements* $log -
# The log of the firmware, and the table that says where it is.
z /sys/firmware/acpi/tables/CCEL $log -
z /sys/firmware/acpi/tables/data/CCEL $log -
END

# configfs-tsm (kernel 6.7 and later): an entry belongs to root whoever makes it, with its files, so that a right to make entries would
# be of no use to anyone else. Therefore one entry for all members. Not in /etc/tmpfiles.d: without such a device it cannot be made.
write "$entry_conf" <<END
# Made by 08-attestation-permissions; applied by $unit.
d /sys/kernel/config/tsm/report/cima $dir -
z /sys/kernel/config/tsm/report/cima/inblob $blob_in -
z /sys/kernel/config/tsm/report/cima/privlevel $blob_in -
z /sys/kernel/config/tsm/report/cima/service_* $blob_in -
z /sys/kernel/config/tsm/report/cima/outblob $blob_out -
z /sys/kernel/config/tsm/report/cima/auxblob $blob_out -
z /sys/kernel/config/tsm/report/cima/manifestblob $blob_out -
END
# The kernel makes the device first and can make entries a moment later, hence the second try.
write "/etc/systemd/system/$unit" <<END
[Unit]
Description=Entry for attestation reports
Documentation=https://docs.kernel.org/admin-guide/abi.html
Requires=sys-kernel-config.mount
After=sys-kernel-config.mount
ConditionPathIsDirectory=/sys/kernel/config/tsm/report
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/systemd-tmpfiles --create $entry_conf
Restart=on-failure
RestartSec=1
END
write /etc/udev/rules.d/71-cvm-attestation-entry.rules <<END
# Made by 08-attestation-permissions: a unit that starts with the device.
SUBSYSTEM=="misc", KERNEL=="tdx_guest|sev-guest", TAG+="systemd", ENV{SYSTEMD_WANTS}+="$unit"
END
cvm-note "$said"

#!/bin/sh
# A udev rule for the devices through which a confidential guest asks for its quotes, and a group that may use them.
#
# In the post-stage, so that the rule does not make the initrds be rebuilt. They need it not: what an initrd has made of the devices,
# the system goes through again with its own rules (systemd-udev-trigger.service).
# guest_run.sh [ROOT]: of a guest that is not /, for tests.
set -eu
root=${1:-}
group=${CVM_DEVICE_GROUP:-attest}
rules=$root/etc/udev/rules.d/70-cvm-attestation-devices.rules

case ${CVM_DEVICE_MODE_WORLD:-false} in
true)
	access='MODE="0666"'
	said="every process may open the attestation devices (CVM_DEVICE_MODE_WORLD)"
	;;
*)
	getent group "$group" >/dev/null || groupadd --system "$group"
	# One a line; a name has no blank in it.
	for user in ${CVM_DEVICE_USERS:-}; do
		if ! getent passwd "$user" >/dev/null; then
			echo "CVM_DEVICE_USERS: there is no user $user in this guest"
			exit 1
		fi
		usermod --append --groups "$group" "$user"
	done
	access="GROUP=\"$group\", MODE=\"0660\""
	said="root and the group $group may open the attestation devices"
	;;
esac

mkdir -p "${rules%/*}"
cat >"$rules" <<END
# Made by 07-device-permission.
SUBSYSTEM=="misc", KERNEL=="tdx_guest", $access
SUBSYSTEM=="misc", KERNEL=="sev-guest", $access
END
chmod 644 "$rules"
# systemd 254 and later: would udev take it, and does it know the group?
if udevadm verify --help >/dev/null 2>&1; then
	udevadm verify --resolve-names=early --no-summary "$rules"
fi
cvm-note "$said"

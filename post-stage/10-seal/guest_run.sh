#!/bin/sh
# Seals the image. Nothing here fails because a thing is absent; what is still there afterwards is found by the rewriter's
# own check (report_seal in finish.sh), not by this script.
set -u

# --- identity: made anew by each copy on its first boot
# Empty, not "uninitialized": systemd takes that word as the first boot of an installation and applies all presets again.
: >/etc/machine-id
[ -L /var/lib/dbus/machine-id ] || rm -f /var/lib/dbus/machine-id
# Where it reaches a time server, it writes its file once more each minute and when it ends.
systemctl stop systemd-timesyncd.service 2>/dev/null
rm -f /var/lib/systemd/random-seed /var/lib/systemd/credential.secret /var/lib/systemd/timesync/clock
rm -f /boot/efi/loader/random-seed /efi/loader/random-seed /boot/loader/random-seed /var/lib/urandom/random-seed

# --- SSH host keys: removed, and made before sshd starts, whatever starts it
rm -f /etc/ssh/ssh_host_*
if [ -x /usr/sbin/sshd ] && [ -d /etc/systemd/system ]; then
	# No default dependencies: with them it would come after basic.target, so after ssh.socket, which is to come after it.
	cat >/etc/systemd/system/cvm-ssh-host-keys.service <<'END'
[Unit]
Description=Make the SSH host keys of this machine
Documentation=man:ssh-keygen(1)
DefaultDependencies=no
RequiresMountsFor=/etc/ssh /usr
After=systemd-remount-fs.service systemd-tmpfiles-setup.service
Before=ssh.service sshd.service ssh.socket sshd.socket sshd-keygen.service sshd-keygen.target
Before=sshd-keygen@rsa.service sshd-keygen@ecdsa.service sshd-keygen@ed25519.service
Conflicts=shutdown.target
Before=shutdown.target
ConditionPathExists=!/etc/ssh/sshd_not_to_be_run
ConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=multi-user.target
END
	# As systemctl enable would, without its reload of all units.
	mkdir -p /etc/systemd/system/multi-user.target.wants
	ln -sfn /etc/systemd/system/cvm-ssh-host-keys.service /etc/systemd/system/multi-user.target.wants/
	chmod 644 /etc/systemd/system/cvm-ssh-host-keys.service
fi

# --- network: what cloud-init wrote matches the MAC of the build machine's card
has_other() { # has_other DIR PATTERN: a configuration that is not cloud-init's
	[ -n "$(find "$1" -maxdepth 1 -type f -name "$2" ! -name '*cloud-init*' -print -quit 2>/dev/null)" ]
}
drop() { # drop DIR PATTERN: true when something was there
	[ -n "$(find "$1" -maxdepth 1 -type f -name "$2" -print -delete 2>/dev/null)" ]
}
if drop /etc/netplan '*cloud-init*.yaml' && ! has_other /etc/netplan '*.yaml'; then
	umask 077
	cat >/etc/netplan/90-cvm-dhcp.yaml <<'END'
network:
  version: 2
  ethernets:
    cvm-all:
      match:
        name: "e*"
      dhcp4: true
      dhcp-identifier: mac
      optional: true
END
	umask 022
fi
if drop /etc/network/interfaces.d '*cloud-init*' && command -v ifup >/dev/null; then
	# A pattern for whatever name the card has, and one logical interface for all: interfaces(5).
	printf 'allow-hotplug /e*=cvm-dhcp\niface cvm-dhcp inet dhcp\n' >/etc/network/interfaces.d/90-cvm-dhcp
	chmod 644 /etc/network/interfaces.d/90-cvm-dhcp
fi
if drop /etc/systemd/network '*cloud-init*' && ! has_other /etc/systemd/network '*.network'; then
	printf '[Match]\nName=e*\n\n[Network]\nDHCP=yes\n\n[DHCPv4]\nClientIdentifier=mac\n' >/etc/systemd/network/90-cvm-dhcp.network
	chmod 644 /etc/systemd/network/90-cvm-dhcp.network
fi
# NetworkManager brings up every card by DHCP when it has no connection at all.
drop /etc/NetworkManager/system-connections '*cloud-init*'
for file in /etc/sysconfig/network-scripts/ifcfg-*; do
	[ ! -f "$file" ] || ! grep -q 'cloud-init' "$file" || sed -i '/^HWADDR=/d' "$file"
done
rm -f /etc/udev/rules.d/70-persistent-net.rules /etc/udev/rules.d/85-persistent-net-cloud-init.rules /etc/systemd/network/50-cloud-init-*.link

# --- cloud-init: its state, its logs, its door. What a user-data part asked it to configure stays (sudoers, users, whether sshd
# takes passwords: without that file sshd would take them again).
rm -rf /var/lib/cloud/* /var/log/cloud-init*.log
if [ "${SEAL_CLOUD_INIT:-close}" = keep ]; then
	cvm-note "SEAL_CLOUD_INIT=keep: cloud-init stays OPEN, whoever attaches a seed disk can run commands as root"
elif [ -d /etc/cloud ] || command -v cloud-init >/dev/null; then
	# One file of ours is the lock. cloud-init's own switch leads to it, and a condition on each unit besides: a kernel
	# argument cloud-init=enabled wins over the switch, and does not win over a condition. A later cvm-rewrite of this
	# image opens the lock again, which takes a machine that is no confidential VM (see docs/security.md).
	lock=/etc/cvm-image-rewriter/cloud-init-closed
	mkdir -p /etc/cloud /etc/cvm-image-rewriter /etc/issue.d
	echo "cloud-init was closed by cvm-image-rewriter" >"$lock"
	ln -sfn "$lock" /etc/cloud/cloud-init.disabled
	for unit in cloud-init-local.service cloud-init.service cloud-init-main.service cloud-init-network.service \
		cloud-config.service cloud-final.service cloud-init-hotplugd.service cloud-init-hotplugd.socket; do
		if [ -e "/usr/lib/systemd/system/$unit" ] || [ -e "/lib/systemd/system/$unit" ]; then
			mkdir -p "/etc/systemd/system/$unit.d"
			printf '[Unit]\nConditionPathExists=!%s\n' "$lock" >"/etc/systemd/system/$unit.d/90-cvm-closed.conf"
		fi
	done
	# Shown above the login prompt: for people, and for a later cvm-rewrite, which reads it on the console. Two lines, one of
	# which is enough: the kernel may print into the middle of the other.
	printf '%s\n' "Sealed by cvm-image-rewriter: cloud-init is closed." \
		"A seed disk has no effect on this machine." >/etc/issue.d/90-cvm-sealed.issue
	chmod 644 "$lock" /etc/issue.d/90-cvm-sealed.issue /etc/systemd/system/cloud-*.d/90-cvm-closed.conf
fi

# --- traces of the build boot
# dhcpcd keeps an identifier and a secret there too, NetworkManager its keys and times.
rm -rf /var/lib/dhcp/* /var/lib/dhclient/* /var/lib/dhcpcd/* /run/systemd/netif/leases/*
find /var/lib/NetworkManager -mindepth 1 -type f ! -name '*.conf' -delete 2>/dev/null
systemctl stop systemd-journald.socket systemd-journald-dev-log.socket systemd-journald-audit.socket systemd-journald.service 2>/dev/null
rm -rf /var/log/journal/* /run/log/journal/*
find /var/log -type f \( -name '*.gz' -o -name '*.[0-9]' -o -name '*.old' \) -delete 2>/dev/null
find /var/log -type f -newer /var/lib/cvm-image-rewriter/stamp -exec truncate -s 0 {} + 2>/dev/null
rm -f /root/.bash_history /root/.python_history /root/.lesshst /root/.viminfo /home/*/.bash_history /root/.wget-hsts
find /tmp /var/tmp -mindepth 1 -xdev -delete 2>/dev/null
rm -rf /var/lib/systemd/coredump/* /var/crash/* /root/.ssh/known_hosts
exit 0

#!/bin/sh
set -eu
if ! command -v netplan >/dev/null; then
	cvm-note "this guest has no netplan: nothing to do"
	exit 0
fi

umask 077
[ -d /etc/netplan ] || mkdir -m 755 /etc/netplan
cat >/etc/netplan/60-cvm-dhcp.yaml <<'END'
network:
  version: 2
  ethernets:
    cvm-en:
      match:
        name: "en*"
      dhcp4: true
      dhcp-identifier: mac
      optional: true
END

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

# Would netplan take it, beside what is there already? Its generator is asked directly, with a root of its own: `netplan generate` starts a
# Python program first, which costs a slow machine many seconds, and changes the network that is up now.
for generator in /usr/libexec/netplan/generate /usr/lib/netplan/generate; do
	[ -x "$generator" ] || continue
	root=$(mktemp -d)
	mkdir -p "$root/etc/netplan"
	cp /etc/netplan/*.yaml "$root/etc/netplan/"
	"$generator" --root-dir "$root"
	rm -r "$root"
	exit 0
done

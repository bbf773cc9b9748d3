# shellcheck shell=sh
# What the other rootfs-*.sh ask of their wishes (rootfs-wishes: a line for each, of columns with tabs between them; see
# src/guest/rootfs-wishes.ts) and of the guest. Sourced by them; `root`, `dir` and `tab` are theirs.
# shellcheck disable=SC2154
wishes=$dir/rootfs-wishes

# wanted KIND: the columns behind the first one, of all wishes of a kind
wanted() {
	sed -n "s/^$1$tab//p" "$wishes"
}

# differs WORDS: one thing is not as asked; what has all of them ends the run
differs() {
	echo "$*"
	: >"$dir/differs"
}

# none_differed: false after the first call of `differs`; loops behind a pipe cannot say it in a variable
none_differed() {
	[ ! -e "$dir/differs" ]
}

# of FIELD NAME: of a user, as passwd(5) numbers the fields
of() {
	getent passwd "$2" | cut -d: -f"$1"
}

# The groups of a user, one per line.
groups_of() {
	id -G -n "$1" | tr ' ' '\n'
}

# What `rootfs: users` gives a user without a shell of its own; `-` is any.
shell_for() { # shell_for SHELL SYSTEM
	if [ "$1" = - ] && [ "$2" = true ]; then echo /usr/sbin/nologin; else echo "$1"; fi
}

# keys_of USER: where OpenSSH looks for the keys of a user
keys_of() {
	echo "$root$(of 6 "$1")/.ssh/authorized_keys"
}

# has_key FILE KEY: with nothing in front of it. The comment does not count: cloud-init makes one blank of many in it.
has_key() {
	printf '%s\n' "$2" | awk 'NR == 1 { type = $1; data = $2; next } $1 == type && $2 == data { found = 1 } END { exit !found }' - "$1"
}

# A package whose name others provide counts too: apt takes such a name, and installs one of them.
is_installed() {
	if command -v dpkg-query >/dev/null; then
		[ "$(dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | head -n 1)" = installed ] ||
			dpkg-query -W -f '${db:Status-Status}, ${Provides},\n' 2>/dev/null | grep '^installed,' | grep -q -F -e ", $1," -e ", $1 ("
	else
		rpm -q --whatprovides "$1" >/dev/null 2>&1
	fi
}

# cloud_init_words: what it and the package manager that it called had to say
cloud_init_words() {
	for log in "$root/var/log/cloud-init-output.log" "$root/var/log/cloud-init.log"; do
		[ ! -e "$log" ] || grep -E '^(E|W|Err|Error):|^Err:|No match for argument|Unable to find a match|\[(WARNING|ERROR|CRITICAL)\]' "$log" | tail -n 8 || :
	done
}

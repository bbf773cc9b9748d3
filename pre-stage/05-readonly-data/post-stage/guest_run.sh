#!/bin/sh
# Writes down what is to be read-only (a line each: how, tab, path). With bind the mount units are made here; the flags of chattr are
# set by the run itself as the last thing of all (read-only.sh), after sealing and labels, and taken off when the image is rewritten.
# guest_run.sh [ROOT]: of a guest that is not /, for tests.
set -eu
root=${1:-}
list=$root/etc/cvm-image-rewriter/read-only
units=$root/etc/systemd/system
how=${CVM_READONLY_MODE:-chattr}
tab=$(printf '\t')

unit_of() { # unit_of PATH: the only name that systemd takes for a mount there
	systemd-escape --path --suffix=mount -- "$1"
}

# At the end of a rewrite everything is there that will be there; the first that is not ends it.
check_paths() {
	while IFS= read -r path; do
		if [ -L "$root$path" ]; then
			echo "$path is a link; name what it leads to: $(readlink -f "$root$path")"
			return 1
		elif [ ! -e "$root$path" ]; then
			echo "$path is not in the guest"
			return 1
		elif [ ! -f "$root$path" ] && [ ! -d "$root$path" ]; then
			echo "$path is neither a file nor a directory"
			return 1
		fi
	done <"$list.wanted"
}

# Units of an earlier rewrite, whose list may have been another one.
drop_old_units() {
	[ -e "$list" ] || return 0
	while IFS=$tab read -r old path; do
		[ "$old" = bind ] || continue
		unit=$(unit_of "$path")
		rm -f "$units/$unit" "$units/local-fs.target.requires/$unit"
	done <"$list"
}

# Required, as a line of fstab would be: a system that comes up without it would look as if it had it.
make_unit() { # make_unit PATH
	unit=$(unit_of "$1")
	in_unit=$(printf '%s' "$1" | sed 's/%/%%/g')
	mkdir -p "$units/local-fs.target.requires"
	printf '%s\n' "# Made by 05-readonly-data" "[Unit]" "Description=Read-only data" "Before=local-fs.target" "" \
		"[Mount]" "What=$in_unit" "Where=$in_unit" "Type=none" "Options=bind,ro" "" \
		"[Install]" "RequiredBy=local-fs.target" >"$units/$unit"
	chmod 644 "$units/$unit"
	ln -sfn "/etc/systemd/system/$unit" "$units/local-fs.target.requires/$unit"
}

if [ ! -e "$list.wanted" ]; then
	[ ! -e "$list" ] || cvm-note "what an earlier rewrite has made read-only stays so: $(wc -l <"$list") paths"
	exit 0
fi
if [ "$how" = bind ] && ! command -v systemd-escape >/dev/null; then
	echo "this guest has no systemd, which would mount what is to be read-only"
	exit 1
fi
check_paths
drop_old_units
if [ "$how" = bind ]; then
	while IFS= read -r path; do make_unit "$path"; done <"$list.wanted"
	cvm-note "$(wc -l <"$list.wanted") paths are mounted read-only at every boot"
fi
sed "s/^/$how$tab/" "$list.wanted" >"$list"
rm "$list.wanted"

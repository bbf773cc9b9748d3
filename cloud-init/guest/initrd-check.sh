#!/bin/sh
# Lists the initrd of every kernel, once each, and compares it with what plugins asked for (initrd-asked, from initrd-settings.sh).
# What is not in one is printed, and fails the run.
# initrd-check.sh [ROOT]: of a guest that is not /, for tests.
set -eu
root=${1:-}
asked=$root/var/lib/cvm-image-rewriter/initrd-asked
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tab=$(printf '\t')

# initrd_of VERSION: its path, under the names that initramfs-tools, dracut and the boot loader specification give it.
initrd_of() {
	for image in "$root/boot/initrd.img-$1" "$root/boot/initramfs-$1.img" "$root"/boot/*/"$1"/initrd; do
		if [ -e "$image" ]; then
			printf '%s\n' "$image"
			return
		fi
	done
}

# list_initrd IMAGE: its paths, one per line. Both programs can list what the other one's tools have made.
list_initrd() {
	if { [ -e "$root/usr/share/initramfs-tools/hook-functions" ] || ! command -v lsinitrd >/dev/null; } && command -v lsinitramfs >/dev/null; then
		lsinitramfs "$1"
	else
		# As `ls -l` prints it; before and after it there are other lines.
		lsinitrd "$1" >"$work/long" || return 1
		sed -n -E '/^[-dlcbps][-rwxsStT]{9}[.+]? /{s/^([^ ]+ +){4}([0-9]+, +)?[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ //;s/ -> .*//;p;}' "$work/long"
	fi
}

# The libraries of the programs: path or name, program, who.
libraries() {
	awk -F '\t' '$1 == "binary"' "$asked" | while IFS=$tab read -r kind word who; do
		# A script has none.
		{ ldd "$root$word" 2>/dev/null || :; } | sed -n -e 's/.*[[:space:]]\(\/[^[:space:]]*\) (0x.*/\1/p' -e 's/^[[:space:]]*\([^[:space:]]*\) => not found.*/\1/p' |
			while IFS= read -r library; do printf 'library\t%s\t%s\t%s\n' "$library" "$word" "$who"; done
	done
}

# compare VERSION: prints kind, word, who and, for what another one needs, that one, of all that is not in the listing.
compare() {
	cat "$root/lib/modules/$1/modules.builtin" >"$work/builtin" 2>/dev/null || :
	cat "$root/lib/modules/$1/modules.dep" >"$work/dep" 2>/dev/null || :
	LC_ALL=C awk -F '\t' -v has="$work/has" -v builtin="$work/builtin" -v dep="$work/dep" '
	# Early boot sees /usr/lib where the root has a link /lib.
	function canonical(path) {
		sub(/^(\.?\/)+/, "", path)
		return path ~ /^(lib[0-9x]*|bin|sbin)\// ? "usr/" path : path
	}
	function base(path) { sub(/.*\//, "", path); return path }
	function module(path) { path = base(path); sub(/\.ko.*/, "", path); gsub(/-/, "_", path); return path }
	FILENAME == has {
		path = canonical($0); there[path] = 1; names[base(path)] = 1
		if (path ~ /^usr\/lib\/modules\/.*\.ko(\.[a-z0-9]+)?$/) loadable[module(path)] = 1
		next
	}
	FILENAME == builtin { builtins[module($0)] = 1; next }
	FILENAME == dep { name = module(substr($0, 1, index($0, ":") - 1)); needs[name] = substr($0, index($0, ":") + 1); next }
	$1 == "file" || $1 == "binary" { if (!(canonical($2) in there)) print $1 "\t" $2 "\t" $3 }
	$1 == "library" { if (!(base($2) in names)) print "library\t" $2 "\t" $4 "\t" $3 }
	$1 == "module" || $1 == "load" {
		if (!($2 in loadable) && !($2 in builtins)) print ($2 in needs ? "module" : "unknown-module") "\t" $2 "\t" $3
		n = split(needs[$2], list, " ")
		for (i = 1; i <= n; i++) if (!((name = module(list[i])) in loadable)) print "module\t" name "\t" $3 "\t" $2
	}
	' "$work/has" "$work/builtin" "$work/dep" "$asked" "$work/libraries"
}

# second_look KIND WORD VERSION: true when the initrd has it under another name.
second_look() {
	case $1 in
	# dracut keeps links to directories, so the file is behind one.
	file | binary) real=$(cd "$root${2%/*}/" 2>/dev/null && pwd -P)/${2##*/} && listed "${real#"$(cd "$root/" && pwd -P)"}" ;;
	# An alias stands for modules with other names.
	unknown-module)
		files=$(modinfo ${root:+-b "$root"} -k "$3" -F filename "$2" 2>/dev/null) && [ -n "$files" ] || return 1
		for file in $files; do
			file=${file##*/}
			[ "$file" = '(builtin)' ] || grep -q "/${file%%.ko*}\.ko" "$work/has" || return 1
		done
		;;
	*) return 1 ;;
	esac
}

listed() {
	grep -q -x -F -e "${1#/}" -e "/${1#/}" -e "./${1#/}" "$work/has"
}

tell() { # tell IMAGE VERSION, of what compare has printed
	while IFS=$tab read -r kind word who needed_by; do
		if second_look "$kind" "$word" "$2"; then continue; fi
		why="which $who asks for"
		[ -z "$needed_by" ] || why="which $needed_by needs; $who asks for that"
		case $kind in
		unknown-module) echo "kernel $2 has no module $word, $why" ;;
		module) echo "$1 has not the module $word of kernel $2, $why" ;;
		library) echo "$1 has not the library $word, $why" ;;
		*) echo "$1 has not $word, $why" ;;
		esac
	done
}

libraries >"$work/libraries"
count=0
: >"$work/lacks"
for kernel in "$root"/boot/vmlinuz-*; do
	version=${kernel##*/vmlinuz-}
	# Others have no modules here: a rescue kernel, whose initrd nothing rebuilds, or a copy.
	[ -d "$root/lib/modules/$version" ] || continue
	image=$(initrd_of "$version")
	if [ -z "$image" ]; then
		echo "kernel $version has no initrd in /boot" >>"$work/lacks"
		continue
	fi
	count=$((count + 1))
	list_initrd "$image" >"$work/has" || { echo "${image#"$root"} cannot be listed"; exit 1; }
	compare "$version" >"$work/missing"
	tell "${image#"$root"}" "$version" <"$work/missing" >>"$work/lacks"
	# Modules are loaded by a file of names there, which force_load has written.
	if [ -e "$root/usr/share/initramfs-tools/hook-functions" ] && grep -q "^load$tab" "$asked" && ! listed conf/modules; then
		echo "${image#"$root"} loads no modules: it has no conf/modules" >>"$work/lacks"
	fi
done
if [ -s "$work/lacks" ]; then
	cat "$work/lacks"
	exit 1
fi
[ "$count" -gt 0 ] || { echo "there is no initrd of a kernel in /boot"; exit 1; }
cvm-note "$(awk -F '\t' '
	{ kind = $1 == "load" ? "module" : $1 }
	!seen[kind, $2]++ { n[kind]++ }
	function say(kind, one, many) { if (n[kind]) { printf "%s%d %s", sep, n[kind], n[kind] == 1 ? one : many; sep = ", " } }
	END { say("file", "file or directory", "files and directories"); say("module", "kernel module", "kernel modules"); say("binary", "program", "programs") }
' "$asked") in the initrd (read back from $count)"

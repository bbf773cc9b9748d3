#!/bin/sh
# Writes what plugins want of the initrd (initrd-wishes: see src/guest/initrd-wishes.ts) where the guest's own tools read it: lists
# and a hook for initramfs-tools, a configuration file for dracut. They stay in the image, so that the initrd of a later kernel
# holds the same. What the guest has not is told here, before the slow rebuild.
# initrd-settings.sh [ROOT]: of a guest that is not /, for tests.
set -eu
umask 022
root=${1:-}
dir=$root/var/lib/cvm-image-rewriter
# The wishes with the guest's files in the place of patterns: kind, word, who. initrd-check.sh reads it.
asked=$dir/initrd-asked
lists=$root/usr/share/cvm-image-rewriter/initrd
tab=$(printf '\t')
line_break='
'

# paths_like DIRECTORY REGEX: of the guest's files, one per line; a line with only a tab stands for a name that no list can hold.
paths_like() {
	if [ ! -e "$root$1" ]; then return 0; fi
	cd "$root/"
	LC_ALL=C.UTF-8 find -H ".$1" -xdev -regextype posix-extended -path ./var/lib/cvm-image-rewriter -prune -o \
		-regex "\\.$2" \( -type f -o -type d -o -type l \) \
		\( \( -path "*$line_break*" -o -path "*$tab*" \) -printf '\t\n' -o -printf '/%P\n' \)
}

# The directory is left out by find's %P, so it is put in front again.
fill_in_patterns() {
	while IFS=$tab read -r kind word who base regex; do
		if [ "$kind" != pattern ]; then
			printf '%s\t%s\t%s\n' "$kind" "$word" "$who"
			continue
		fi
		(paths_like "$base" "$regex") </dev/null | LC_ALL=C sort >"$dir/initrd-paths"
		if grep -q -x "$tab" "$dir/initrd-paths"; then
			echo "a file like $word, which $who asks for in the initrd, has a line break or a tab in its name: no list can hold it" >&2
			return 1
		fi
		if [ ! -s "$dir/initrd-paths" ]; then
			cvm-note "the guest has no file like $word, which $who asks for in the initrd" >&2
		fi
		while IFS= read -r path; do printf 'file\t%s%s\t%s\n' "$base" "${path%/}" "$who"; done <"$dir/initrd-paths"
	done <"$dir/initrd-wishes"
}

# words KIND: of all wishes of that kind, each once, one per line.
words() {
	awk -F '\t' -v kind="$1" '$1 == kind && !seen[$2]++ { print $2 }' "$asked"
}

# has_module KERNEL MODULE: as a file or built in. Old kmod knows nothing of what is built in.
has_module() {
	modinfo ${root:+-b "$root"} -k "$1" -F filename "$2" >/dev/null 2>&1 ||
		sed 's/-/_/g' "$root/lib/modules/$1/modules.builtin" 2>/dev/null | grep -q "/$2\.ko"
}

lacking_files() {
	while IFS=$tab read -r kind word who; do
		case $kind in
		file) [ -e "$root$word" ] || [ -L "$root$word" ] || echo "the guest has no $word, which $who asks for in the initrd" ;;
		binary) [ -f "$root$word" ] || [ -L "$root$word" ] || echo "the guest has no program $word, which $who asks for in the initrd" ;;
		esac
	done <"$asked"
}

lacking_modules() {
	command -v modinfo >/dev/null || return 0
	for kernel in "$root"/boot/vmlinuz-*; do
		version=${kernel##*/vmlinuz-}
		[ -d "$root/lib/modules/$version" ] || continue
		awk -F '\t' '$1 == "module" || $1 == "load"' "$asked" | while IFS=$tab read -r kind word who; do
			has_module "$version" "$word" || echo "kernel $version has no module $word, which $who asks for in the initrd"
		done
	done
}

for_initramfs_tools() {
	rm -rf "$lists"
	mkdir -p "$lists" "$root/etc/initramfs-tools/hooks"
	words file >"$lists/files"
	words module >"$lists/modules"
	words load >"$lists/load"
	words binary >"$lists/binaries"
	hook=$root/etc/initramfs-tools/hooks/cvm-image-rewriter
	cp "$(dirname "$0")/initrd-hook.sh" "$hook"
	chmod 755 "$hook"
}

for_dracut() {
	# Its lists are words of a shell, unquoted.
	if words file | grep '[][[:space:]*?()"$`\\]' || words binary | grep '[][[:space:]*?()"$`\\]'; then
		echo "dracut cannot take these file names, because of spaces or signs that a shell knows"
		return 1
	fi
	# It brings what a link leads to, and leaves out one that leads nowhere.
	dangling=$(words file | while IFS= read -r path; do [ -e "$root$path" ] || printf '%s\n' "$path"; done)
	if [ -n "$dangling" ]; then
		printf '%s\n' "$dangling" "dracut cannot take these links, because they lead nowhere in the guest"
		return 1
	fi
	mkdir -p "$root/etc/dracut.conf.d"
	{
		echo "# Written by cvm-image-rewriter; read last, so that it adds to what all others say."
		printf 'install_items+=" %s "\n' "$( (words file && words binary) | tr '\n' ' ')"
		printf 'add_drivers+=" %s "\n' "$(words module | tr '\n' ' ')"
		printf 'force_drivers+=" %s "\n' "$(words load | tr '\n' ' ')"
	} >"$root/etc/dracut.conf.d/zz-cvm-image-rewriter.conf"
}

fill_in_patterns >"$asked"
lacking=$(lacking_files && lacking_modules)
if [ -n "$lacking" ]; then
	printf '%s\n' "$lacking"
	exit 1
fi
# Not by the program: the dracut of some distributions brings an update-initramfs too.
if [ -e "$root/usr/share/initramfs-tools/hook-functions" ]; then
	for_initramfs_tools
elif command -v dracut >/dev/null; then
	for_dracut
else
	echo "this guest has neither initramfs-tools nor dracut to make its initrd with"
	exit 1
fi
# Lists and hook may be those of an earlier rewrite while the files that they name have changed: boot-files.sh looks at this.
: >"$dir/rebuild-initrds"

#!/bin/sh
# A hook of initramfs-tools, from cvm-image-rewriter: puts into every initrd what the plugins of the rewrite asked for. The lists
# beside it were made then; what is in them has to be in the system. initramfs-tools(7), "Hook scripts".
lists=/usr/share/cvm-image-rewriter/initrd
case "${1:-}" in
prereqs)
	exit 0
	;;
esac
# shellcheck source=/dev/null
. /usr/share/initramfs-tools/hook-functions

fail() {
	printf 'cvm-image-rewriter: %s\n' "$*" >&2
	exit 1
}

is_elf() {
	[ "$(head -c 4 "$1" | od -An -c | tr -d ' ')" = '177ELF' ]
}

# Another hook may have made an absolute link there; what is put behind it would be in the running system.
is_inside() {
	case $(cd "$DESTDIR$1" && pwd -P) in "$inside" | "$inside"/*) ;; *) return 1 ;; esac
}

# make_directory PATH: with mode and owner of the system's, those above it too. Those that the initrd has anyway keep theirs.
make_directory() {
	if [ ! -d "$DESTDIR$1" ]; then
		make_directory "${1%/*}" && is_inside "${1%/*}" && mkdir "$DESTDIR$1" &&
			chown --reference="$1" "$DESTDIR$1" && chmod --reference="$1" "$DESTDIR$1"
	fi
}

# add_file PATH: a file, link or directory, at the same place.
add_file() {
	make_directory "${1%/*}" && is_inside "${1%/*}" || return 1
	if [ ! -L "$1" ] && [ -d "$1" ]; then
		make_directory "$1"
		return
	fi
	# Programs and libraries bring the libraries that they are linked with.
	if [ ! -L "$1" ] && is_elf "$1"; then copy_exec "$1" "$1" || return 1; fi
	# Not through a link that is there, and not into a directory.
	cp -pPT --remove-destination "$1" "$DESTDIR$1"
}

inside=$(cd "$DESTDIR" && pwd -P) || exit 1
while IFS= read -r file; do
	add_file "$file" || fail "$file cannot be put into the initrd"
done <"$lists/files" || exit 1
while IFS= read -r program; do
	copy_exec "$program" "$program" || fail "$program cannot be put into the initrd"
done <"$lists/binaries" || exit 1
while IFS= read -r module; do
	force_load "$module"
done <"$lists/load" || exit 1
# Several in one call: each one takes two runs of modprobe.
# shellcheck disable=SC2046
manual_add_modules $(cat "$lists/modules")
exit 0

#!/bin/bash
# Checks the paths that are to be read-only and gives them to the guest as data, one a line: they never become part of a script.
set -euo pipefail
export LC_ALL=C.UTF-8
list=files/etc/cvm-image-rewriter/read-only.wanted

refuse() { # refuse WHERE WHAT
	echo "$1: $2"
	exit 1
}

# check WHERE PATH: says why a path cannot be taken.
check() {
	[[ $2 == /* ]] || refuse "$1" "not an absolute path: ${2:0:200}"
	[[ ! $2 =~ [[:cntrl:]] ]] || refuse "$1" "has a control character"
	[[ ! $2 =~ (^|/)\.\.?(/|$) ]] || refuse "$1" "has . or .. in it: ${2:0:200}"
	# What systemd would take for the end of a line, or its continuation on the next.
	[[ $2 != *[\ \\] ]] || refuse "$1" "ends with a blank or a backslash: ${2:0:200}"
	case $2 in
	/ | /etc | /etc/cvm-image-rewriter* | /var | /var/lib | /var/lib/cvm-image-rewriter*)
		refuse "$1" "$2 holds what each copy of the image, or a later rewrite, has to write; name what is in it"
		;;
	/proc | /proc/* | /sys | /sys/* | /dev | /dev/* | /run | /run/* | /tmp | /tmp/*)
		refuse "$1" "$2 is not part of the image"
		;;
	esac
}

# take WHERE PATH
take() {
	local path
	path=$(tr -s / <<<"$2")
	[[ $path == / ]] || path=${path%/}
	check "$1" "$path"
	paths+=("$path")
}

paths=()
number=0
if [ -e file_list ]; then
	while IFS= read -r line || [ -n "$line" ]; do
		number=$((number + 1))
		line=${line%$'\r'}
		# Blanks around a path are not part of it; a # begins a comment only at the start of a line.
		line=${line#"${line%%[![:blank:]]*}"}
		line=${line%"${line##*[![:blank:]]}"}
		if [ -z "$line" ] || [[ $line == '#'* ]]; then continue; fi
		take "file_list:$number" "$line"
	done <file_list
fi
while IFS= read -r line; do
	[ -z "$line" ] || take CVM_READONLY_FILES "$line"
done <<<"${CVM_READONLY_FILES:-}"

if [ "${#paths[@]}" -eq 0 ]; then
	echo "no path in CVM_READONLY_FILES, none in file_list: nothing to do"
	exit 0
fi
case ${CVM_READONLY_MODE:=chattr} in
chattr | bind) ;;
*) refuse CVM_READONLY_MODE "must be chattr or bind" ;;
esac
mkdir -p "${list%/*}"
printf '%s\n' "${paths[@]}" | LC_ALL=C sort -u >"$list"
echo "$(wc -l <"$list") paths will be read-only by $CVM_READONLY_MODE"

#!/bin/sh
# payload-conflicts.sh ARCHIVE [ROOT]: names what is a directory in the guest and a file or link in the archive, or the
# other way round. tar would put one in the place of the other without a word when it can.
set -u
root=${2:-}

# A name with signs that tar escapes is not looked at; tar itself is left to meet it.
tar --list --quoting-style=escape --file="$1" | while IFS= read -r name; do
	path=$root/${name%/}
	case $name in
	*/)
		if [ ! -d "$path" ] && { [ -e "$path" ] || [ -L "$path" ]; }; then
			echo "/${name%/}: Not a directory in the guest, but one in the plugins"
		fi
		;;
	*)
		if [ -d "$path" ] && [ ! -L "$path" ]; then
			echo "/$name: Is a directory in the guest, and a file or link in the plugins"
		fi
		;;
	esac
done

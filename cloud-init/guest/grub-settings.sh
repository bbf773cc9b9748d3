#!/bin/sh
# Writes what plugins want of the boot loader (grub-wishes: kind, word, who, with tabs between them; see src/guest/grub-wishes.ts)
# where the guest's grub reads it: one drop-in more, read last; or, where grub reads no drop-ins, the end of /etc/default/grub, and the
# entries that are files of their own. A later rewrite adds to what an earlier one has set.
#
# The words were checked on the host: they have no blank, no quote and nothing that a shell knows.
# grub-settings.sh [ROOT]: of a guest that is not /, for tests.
set -eu
root=${1:-}
wishes=$root/var/lib/cvm-image-rewriter/grub-wishes
defaults=$root/etc/default/grub
tab=$(printf '\t')
new=$(mktemp)
trap 'rm -f "$new"' EXIT

words() { # words KIND...: of all wishes of these kinds, with blanks between them
	awk -F '\t' -v kinds=" $* " 'index(kinds, " " $1 " ") { printf "%s%s", sep, $2; sep = " " }' "$wishes"
}

# What goes, as patterns of the shell: what is to be removed, and what an added argument replaces. The kernel takes - for _.
patterns() {
	awk -F '\t' '
	function named(word) {
		sub(/=.*/, "", word)
		gsub(/[-_]/, "\047[-_]\047", word)
		print "\047" word "\047"
		print "\047" word "=\047*"
	}
	$1 == "add" || ($1 == "remove" && $2 !~ /=/) { named($2); next }
	$1 == "remove" || $1 == "add-beside" { print "\047" $2 "\047" }
	' "$wishes" | sort -u
}

# A shell function that reads arguments as grub and the kernel do: a blank between quotes does not end one.
kept_function() {
	cat <<'END'
cvm_kept() { # cvm_kept ARGUMENTS: sets cvm_args to those of them that stay, as they are
	cvm_rest="$1 "
	cvm_args=
	cvm_word=
	cvm_plain=
	cvm_quote=
	while [ -n "$cvm_rest" ]; do
		cvm_char=${cvm_rest%"${cvm_rest#?}"}
		cvm_rest=${cvm_rest#?}
		case $cvm_quote$cvm_char in
		\' | \") cvm_quote=$cvm_char cvm_word=$cvm_word$cvm_char ;;
		\'\' | \"\") cvm_quote='' cvm_word=$cvm_word$cvm_char ;;
		[[:space:]])
			cvm_keep
			cvm_word=''
			cvm_plain=''
			;;
		*) cvm_word=$cvm_word$cvm_char cvm_plain=$cvm_plain$cvm_char ;;
		esac
	done
	cvm_keep
}
cvm_keep() {
	case $cvm_plain in
END
	patterns | sed "s/.*/${tab}&) return 0 ;;/"
	cat <<'END'
	esac
	cvm_args=$cvm_args${cvm_word:+${cvm_args:+ }$cvm_word}
}
END
}

# grub-mkconfig reads this as shell. GRUB_CMDLINE_LINUX is in every kernel entry, GRUB_CMDLINE_LINUX_DEFAULT not in recovery.
settings() {
	while IFS=$tab read -r kind word who; do
		echo "# $kind $word: $who"
	done <"$wishes"
	if [ -n "$(words add add-beside remove)" ]; then
		kept_function
		for variable in GRUB_CMDLINE_LINUX_DEFAULT GRUB_CMDLINE_LINUX_RECOVERY GRUB_CMDLINE_LINUX; do
			echo "if [ -n \"\${$variable:-}\" ]; then cvm_kept \"\$$variable\"; $variable=\$cvm_args; fi"
		done
		added=$(words add add-beside)
		[ -z "$added" ] || echo "GRUB_CMDLINE_LINUX=\"\${GRUB_CMDLINE_LINUX:+\$GRUB_CMDLINE_LINUX }$added\""
	fi
	modules=$(words module)
	[ -z "$modules" ] || echo "GRUB_PRELOAD_MODULES=\"\${GRUB_PRELOAD_MODULES:+\$GRUB_PRELOAD_MODULES }$modules\""
	timeout=$(words timeout)
	[ -z "$timeout" ] || printf 'GRUB_TIMEOUT=%s\nGRUB_RECORDFAIL_TIMEOUT=%s\n' "$timeout" "$timeout"
}

is_there() { # is_there PATH...: of a pattern that matched nothing, nothing is
	[ -e "$1" ]
}

# A module that grub does not have would be an error on the screen at every start, and nothing else.
check_modules() {
	is_there "$root"/usr/lib/grub/*/*.mod || is_there "$root"/boot/grub*/*/*.mod || return 0
	for module in $(words module); do
		is_there "$root"/usr/lib/grub/*/"$module.mod" || is_there "$root"/boot/grub*/*/"$module.mod" || {
			echo "the grub of this guest has no module $module"
			exit 1
		}
	done
}

add_drop_in() {
	mkdir -p "$defaults.d"
	last=
	number=1
	for file in "$defaults".d/zz-cvm-image-rewriter-*.cfg; do
		is_there "$file" && last=$file && number=$((number + 1))
	done
	if [ -n "$last" ] && cmp -s "$new" "$last"; then return; fi
	cat "$new" >"$defaults.d/zz-cvm-image-rewriter-$(printf '%02d' "$number").cfg"
}

add_block() {
	[ ! -e "$defaults" ] || [ "$(tail -n "$(wc -l <"$new")" "$defaults")" != "$(cat "$new")" ] || return 0
	# Its last line may lack its end.
	[ ! -s "$defaults" ] || [ -z "$(tail -c 1 "$defaults")" ] || echo >>"$defaults"
	cat "$new" >>"$defaults"
}

# The arguments of entries that are files of their own (boot loader specification), and of those that later kernels get.
edit_entries() {
	added=$(words add add-beside)
	cvm_args=
	eval "$(kept_function)"
	environment=$root/boot/grub2/grubenv
	if options=$(grep '^kernelopts=' "$environment" 2>/dev/null); then
		cvm_kept "${options#kernelopts=}"
		grub2-editenv "$environment" set "kernelopts=$cvm_args"
	fi
	for file in "$root"/boot/loader/entries/*.conf; do
		! is_there "$file" || edit_entry "$file"
	done
	if [ -e "$root/etc/kernel/cmdline" ]; then
		cvm_kept "$(cat "$root/etc/kernel/cmdline")"
		echo "$cvm_args${added:+ $added}" >"$root/etc/kernel/cmdline"
	fi
}

edit_entry() { # edit_entry FILE: added arguments go to the end of its first line of options
	more=${added:+ $added}
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		options[[:blank:]]*)
			cvm_kept "${line#options}"
			line="options${cvm_args:+ $cvm_args}$more"
			more=
			;;
		esac
		printf '%s\n' "$line"
	done <"$1" >"$new"
	[ -z "$more" ] || echo "options$more" >>"$new"
	# Into the file that is there: owner, mode and label stay.
	cat "$new" >"$1"
}

mkconfig=$(command -v grub-mkconfig || command -v grub2-mkconfig || true)
if [ -z "$mkconfig" ]; then
	echo "this guest has no grub-mkconfig: its boot loader is another one, or an image that holds its kernel arguments itself"
	exit 1
fi
check_modules
if grep -q 'default/grub\.d' "$mkconfig"; then
	{
		echo "# Written by cvm-image-rewriter; read last, so that it knows what all others say."
		settings
	} >"$new"
	add_drop_in
else
	{
		echo "# --- cvm-image-rewriter"
		settings
		echo "# --- end of cvm-image-rewriter"
	} >"$new"
	add_block
	[ -z "$(words add add-beside remove)" ] || edit_entries
fi

#!/bin/sh
# Compares what plugins wanted of the boot loader with every kernel entry that its generated configuration has. All that differs is
# printed, and fails the run.
#
# Entries that os-prober has found belong to other systems, and memtest is no kernel: both are left alone. A kernel below Xen is one
# of ours.
# grub-check.sh [ROOT]: of a guest that is not /, for tests.
set -eu
root=${1:-}
wishes=$root/var/lib/cvm-image-rewriter/grub-wishes
config=$root/boot/grub/grub.cfg
[ -e "$config" ] || config=$root/boot/grub2/grub.cfg
[ -e "$config" ] || { echo "there is no grub.cfg in /boot/grub or /boot/grub2"; exit 1; }
entries=$(mktemp)
trap 'rm -f "$entries"' EXIT

# Title and arguments of each entry, with a tab between them.
entries_of_config() {
	awk '
	/^### BEGIN .*_os-prober ###/ { foreign = 1 }
	/^### END / { foreign = 0 }
	/^[ \t]*menuentry / { title = $0; sub(/^[^\047"]*[\047"]/, "", title); sub(/[\047"] .*/, "", title) }
	!foreign && /^[ \t]*(linux(16|efi)?|module2?)[ \t]+[^ \t]*(vmlinu|kernel-|bzImage)/ {
		sub(/^[ \t]*[^ \t]+[ \t]+[^ \t]+/, "")
		gsub(/\t/, " ")
		print title "\t" $0
	}
	' "$config"
}

# Entries of the boot loader specification: files of their own, whose options may be in the environment of grub.
entries_of_files() {
	kernelopts=$(sed -n 's/^kernelopts=//p' "${config%/*}/grubenv" 2>/dev/null || :)
	export kernelopts
	for entry in "$root"/boot/loader/entries/*.conf; do
		[ -e "$entry" ] || continue
		awk -v title="${entry##*/}" '
		/^title[ \t]/ { sub(/^title[ \t]+/, ""); title = $0 }
		/^options[ \t]/ {
			sub(/^options/, "")
			gsub(/\t/, " ")
			while (at = index($0, "$kernelopts")) $0 = substr($0, 1, at - 1) ENVIRON["kernelopts"] substr($0, at + 11)
			options = options $0
		}
		END { print title "\t" options }
		' "$entry"
	done
}

{
	entries_of_config
	entries_of_files
} >"$entries"
count=$(wc -l <"$entries")
[ "$count" -gt 0 ] || { echo "${config#"$root"} has no kernel entry"; exit 1; }

failed=0
awk -F '\t' '
# The kernel takes - for _ in names.
function name(word) { sub(/=.*/, "", word); gsub(/-/, "_", word); return word }
# As grub and the kernel: a blank between quotes does not end an argument.
function arguments(text, have,    i, sign, quote, word, begun, n) {
	quote = word = ""
	begun = n = 0
	for (i = 1; i <= length(text) + 1; i++) {
		sign = substr(text, i, 1)
		if (quote != "" && sign != "") { if (sign == quote) quote = ""; else word = word sign }
		else if (sign == "\"" || sign == "\047") { quote = sign; begun = 1 }
		else if (sign == " " || sign == "") { if (begun) have[++n] = word; word = ""; begun = 0 }
		else { word = word sign; begun = 1 }
	}
	return n
}
function complain(what) { printf "kernel entry \"%s\" %s\n", title, what; bad = 1 }
NR == FNR { kind[++wishes] = $1; word[wishes] = $2; who[wishes] = $3; next }
{
	title = $1
	n = arguments($2, have)
	for (w = 1; w <= wishes; w++) {
		last = ""
		found = 0
		for (i = 1; i <= n; i++) {
			if (have[i] == word[w]) found = 1
			if (name(have[i]) == name(word[w])) last = have[i]
		}
		if (kind[w] == "remove" && word[w] ~ /=/ && found) complain("still has " word[w] ", which " who[w] " wants gone")
		if (kind[w] == "remove" && word[w] !~ /=/ && last != "") complain("still has " last ", which " who[w] " wants gone")
		if (kind[w] !~ /^add/) continue
		if (!found) complain("lacks " word[w] ", which " who[w] " asks for")
		else if (kind[w] == "add" && last != word[w]) complain("has " word[w] ", but " last " stands behind it and counts")
	}
}
END { exit bad }
' "$wishes" "$entries" || failed=1

while IFS=$(printf '\t') read -r kind word who; do
	case $kind in
	module) grep -q -E "^[[:space:]]*insmod $word\$" "$config" || {
		echo "${config#"$root"} does not load the module $word, which $who asks for"
		failed=1
	} ;;
	timeout) grep -q -E "^[[:space:]]*set timeout=$word\$" "$config" || {
		echo "${config#"$root"} does not set timeout=$word, as $who asks"
		failed=1
	} ;;
	esac
done <"$wishes"
[ "$failed" = 0 ] || exit 1
cvm-note "every kernel entry ($count) is as asked: $(awk -F '\t' '{ sub(/-beside/, "", $1); printf "%s%s %s", sep, $1, $2; sep = ", " }' "$wishes")"

#!/bin/sh
# Compares what plugins wanted of the boot loader with every kernel entry that its generated configuration has. What differs is
# printed, and fails the run.
# grub-check.sh [ROOT]: of a guest that is not /, for tests.
set -eu
root=${1:-}
wishes=$root/var/lib/cvm-image-rewriter/grub-wishes
config=$root/boot/grub/grub.cfg
[ -e "$config" ] || config=$root/boot/grub2/grub.cfg
[ -e "$config" ] || { echo "there is no grub.cfg in /boot/grub or /boot/grub2"; exit 1; }
entries=$(mktemp)
trap 'rm -f "$entries"' EXIT

# The arguments of each entry, one entry per line. A boot loader specification entry may take them from grub's environment.
{
	sed -n -E 's/^[[:space:]]*linux(16|efi)?[[:space:]]+[^[:space:]]*(vmlinu|kernel-|bzImage)[^[:space:]]*//p' "$config"
	kernelopts=$(sed -n 's/^kernelopts=//p' "${config%/*}/grubenv" 2>/dev/null || :)
	for entry in "$root"/boot/loader/entries/*.conf; do
		[ ! -e "$entry" ] || sed -n 's/^options[[:space:]]*//p' "$entry" | sed "s|\\\$kernelopts|$(printf '%s' "$kernelopts" | sed 's/[&|\\]/\\&/g')|"
	done
} >"$entries"
count=$(wc -l <"$entries")
[ "$count" -gt 0 ] || { echo "$config has no kernel entry"; exit 1; }

awk -F '\t' -v config="$config" '
function name(word) { sub(/=.*/, "", word); return word }
function repeated(word) {
	return word ~ /^(console|earlycon|earlyprintk|ima_policy|memmap|hugepagesz|hugepages|blacklist|module_blacklist|modprobe\.blacklist|pci|dyndbg|ip|nfsroot|video)$/ || word ~ /^(rd|systemd)\./
}
FILENAME != ARGV[2] { wish[++wishes] = $1; word[wishes] = $2; who[wishes] = $3; next }
{
	n = split($0, have, /[[:space:]]+/)
	for (w = 1; w <= wishes; w++) {
		last = ""; found = 0
		for (i = 1; i <= n; i++) {
			if (have[i] == word[w]) found = 1
			if (name(have[i]) == name(word[w])) last = have[i]
			if (wish[w] == "remove" && (have[i] == word[w] || name(have[i]) == word[w])) {
				printf "kernel entry %d still has %s, which %s wants gone\n", FNR, have[i], who[w]; bad = 1
			}
		}
		if (wish[w] != "add") continue
		if (!found) { printf "kernel entry %d lacks %s, which %s asks for\n", FNR, word[w], who[w]; bad = 1 }
		else if (last != word[w] && !repeated(name(word[w]))) {
			printf "kernel entry %d has %s, but %s stands behind it and counts\n", FNR, word[w], last; bad = 1
		}
	}
}
END { exit bad }
' "$wishes" "$entries" || exit 1

awk -F '\t' '$1 == "module" || $1 == "timeout" { print $1, $2 }' "$wishes" | while read -r kind word; do
	case $kind in
	module) grep -q -E "^[[:space:]]*insmod $word\$" "$config" || { echo "$config does not load the module $word"; exit 1; } ;;
	timeout) grep -q -E "^[[:space:]]*set timeout=$word\$" "$config" || { echo "$config does not set timeout=$word"; exit 1; } ;;
	esac
done
cvm-note "every kernel entry ($count) is as asked: $(awk -F '\t' '{ printf "%s%s %s", sep, $1, $2; sep = ", " }' "$wishes")"

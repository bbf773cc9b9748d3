#!/bin/sh
# Labels what plugins want labelled (ima-wishes), then looks whether any file is left that the policy appraises and that has no
# label. The last thing that happens to the files: nothing may change one once its digest stands in its label.
# ima-label.sh [first-pass | last-pass [ROOT]]: a first pass only labels; of a guest that is not /, for tests.
set -eu
pass=${1:-last-pass}
root=${2:-}
dir=$root/var/lib/cvm-image-rewriter
wishes=$dir/ima-wishes
policy=$root/etc/ima/ima-policy
run=$root/run/cvm-ima

words() { # words KIND: of all wishes of that kind, one per line
	awk -F '\t' -v kind="$1" '$1 == kind { print $2 }' "$wishes"
}

# Without the merging of /usr, half of the system is beside it.
labels() {
	words label
	! words label | grep -q -x /usr || printf '%s\n' /bin /sbin /lib /lib32 /lib64 /libx32
}

# The directories themselves where names are links, none that lies in another one.
directories() {
	labels | while IFS= read -r name; do
		[ ! -d "$root$name" ] || readlink -f -- "$root$name"
	done | sort -u | awk '
		{ for (i = 1; i <= kept; i++) if (index($0, top[i] "/") == 1) next }
		{ top[++kept] = $0; print }'
}

check_labels() {
	words label | while IFS= read -r name; do
		if [ -e "$root$name" ] && [ ! -d "$root$name" ]; then
			echo "$name is no directory, and is to be labelled as one"
			exit 1
		fi
	done
}

# They are passed over: /opt is not everywhere. But a slip of the pen is, too.
missing() {
	words label | while IFS= read -r name; do
		[ -e "$root$name" ] || printf '; no %s here' "$name"
	done
}

# -I -S -B: nothing from the environment, no site packages, no byte code written beside it.
python() {
	python3 -I -S -B "$@"
}

label() {
	set -- --hash "$(words hash)" --remember "$run/labelled"
	# Digests do not do where the policy asks for signatures: those that are there stay.
	if [ -e "$policy" ] && grep -q '^[^#]*appraise_type=' "$policy"; then set -- "$@" --keep-signatures; fi
	while IFS= read -r directory; do
		[ -z "$directory" ] || set -- "$@" "$directory"
	done <<-END
		$(directories)
	END
	python "$dir/ima-label.py" "$@"
}

# What the kernel does with a file without a label. With no argument at all it refuses it.
mode() {
	asked=$(words appraise)
	if [ -n "$asked" ]; then
		echo "$asked"
	elif grep -q -E '[[:blank:]]ima_appraise=(log|fix|off)([[:blank:]]|$)' "$root"/boot/grub*/grub.cfg "$root"/boot/loader/entries/*.conf 2>/dev/null; then
		echo log
	else
		echo enforce
	fi
}

look_for_uncovered() {
	if ! grep -q '^[[:blank:]]*appraise[[:blank:]]' "$policy" 2>/dev/null; then
		[ -z "$(words appraise)" ] || cvm-note "no policy in /etc/ima/ima-policy appraises a file; what the kernel's own policy appraises was not looked at"
		return 0
	fi
	if ! command -v python3 >/dev/null; then
		cvm-note "no python3 in this guest: which files the policy appraises was not looked at"
		[ "$(mode)" != enforce ]
		return
	fi
	rc=0
	python "$dir/ima-coverage.py" ${root:+--root "$root"} "$(mode)" >"$run/coverage" || rc=$?
	# A failure is told by its last line, and anything else by a note, which prints it too.
	if [ "$rc" -ne 0 ]; then
		cat "$run/coverage"
		return "$rc"
	fi
	sed '$d' "$run/coverage"
	cvm-note "$(tail -n 1 "$run/coverage")"
}

[ -d "$run" ] || mkdir -m 700 "$run"
if [ "$pass" = first-pass ]; then
	label
	exit
fi
check_labels
if [ -n "$(words label)" ]; then
	said=$(label)
	cvm-note "$said$(missing)"
fi
look_for_uncovered
rm -r "$run"

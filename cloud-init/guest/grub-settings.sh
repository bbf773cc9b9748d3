#!/bin/sh
# Writes what plugins want of the boot loader (grub-wishes: kind, word, who, with tabs between them) where the guest's grub reads
# it: one drop-in that is read last, or, where grub reads no drop-ins, the end of /etc/default/grub and grubby.
# The words were checked on the host: they have no blank, no quote and nothing that a shell knows.
# grub-settings.sh [ROOT]: of a guest that is not /, for tests.
set -eu
root=${1:-}
wishes=$root/var/lib/cvm-image-rewriter/grub-wishes
tab=$(printf '\t')
begin="# --- cvm-image-rewriter"
end="# --- end of cvm-image-rewriter"

words() { # words KIND: of all wishes of that kind, one per line
	awk -F '\t' -v kind="$1" '$1 == kind { print $2 }' "$wishes"
}

# Arguments that the kernel takes more than once; of all others only the last one counts. As src/plugins/manifest/grub-plan.ts.
repeated() {
	case $1 in
	console | earlycon | earlyprintk | ima_policy | memmap | hugepagesz | hugepages | blacklist | module_blacklist | \
		modprobe.blacklist | pci | dyndbg | ip | nfsroot | video | rd.* | systemd.*) return 0 ;;
	esac
	return 1
}

# The patterns of what goes: what is to be removed, and what an added argument replaces.
gone_patterns() {
	words remove | while read -r word; do
		case $word in
		*=*) printf '%s\n' "$word" ;;
		*) printf '%s\n%s\n' "$word" "$word=*" ;;
		esac
	done
	words add | while read -r word; do
		name=${word%%=*}
		if repeated "$name"; then printf '%s\n' "$word"; else printf '%s\n%s\n' "$name" "$name=*"; fi
	done
}

settings() {
	while IFS="$tab" read -r kind word who; do
		echo "# $kind $word: $who"
	done <"$wishes"
	added=$(words add | tr '\n' ' ')
	added=${added% }
	modules=$(words module | tr '\n' ' ')
	timeout=$(words timeout)
	if [ -n "$added" ] || [ -n "$(words remove)" ]; then
		cat <<'END'
cvm_kept() {
	cvm_words=
	set -f
	for cvm_word in $1; do
		case $cvm_word in
END
		gone_patterns | sort -u | while read -r pattern; do
			case $pattern in
			*'=*') printf "\t\t'%s'*) ;;\n" "${pattern%'*'}" ;;
			*) printf "\t\t'%s') ;;\n" "$pattern" ;;
			esac
		done
		cat <<'END'
		*) cvm_words="$cvm_words${cvm_words:+ }$cvm_word" ;;
		esac
	done
	set +f
}
cvm_kept "${GRUB_CMDLINE_LINUX_DEFAULT:-}"
GRUB_CMDLINE_LINUX_DEFAULT=$cvm_words
cvm_kept "${GRUB_CMDLINE_LINUX:-}"
END
		# This one is in recovery entries too.
		echo "GRUB_CMDLINE_LINUX=\"\$cvm_words${added:+\${cvm_words:+ \}$added}\""
	fi
	[ -z "$modules" ] || echo "GRUB_PRELOAD_MODULES=\"\${GRUB_PRELOAD_MODULES:-} ${modules% }\""
	[ -z "$timeout" ] || printf 'GRUB_TIMEOUT=%s\nGRUB_RECORDFAIL_TIMEOUT=%s\n' "$timeout" "$timeout"
}

mkconfig=$(command -v grub-mkconfig || command -v grub2-mkconfig || true)
if [ -z "$mkconfig" ]; then
	echo "this guest has no grub-mkconfig"
	exit 1
fi
if grep -q 'default/grub\.d' "$mkconfig"; then
	mkdir -p "$root/etc/default/grub.d"
	{
		echo "# Written by cvm-image-rewriter; read last, so that it knows what all others say."
		settings
	} >"$root/etc/default/grub.d/zz-cvm-image-rewriter.cfg"
	exit 0
fi
sed -i "/^$begin\$/,/^$end\$/d" "$root/etc/default/grub"
{
	echo "$begin"
	settings
	echo "$end"
} >>"$root/etc/default/grub"
if command -v grubby >/dev/null; then
	grubby --update-kernel=ALL --remove-args="$(gone_patterns | sed 's/=\*$//' | sort -u | tr '\n' ' ')" --args="$(words add | tr '\n' ' ')"
fi

#!/bin/sh
# Looks whether this guest can do what plugins want of IMA (ima-wishes: kind, word, who, with tabs between them), puts the policy
# where systemd loads it, and asks for a first pass of labels beside the rebuild of the initrds.
# ima-settings.sh [ROOT]: of a guest that is not /, for tests.
set -eu
root=${1:-}
dir=$root/var/lib/cvm-image-rewriter
wishes=$dir/ima-wishes
policy=$root/etc/ima/ima-policy

words() { # words KIND: of all wishes of that kind, one per line
	awk -F '\t' -v kind="$1" '$1 == kind { print $2 }' "$wishes"
}

cannot() {
	echo "$*"
	exit 1
}

# Fedora and its like have the configuration beside the modules.
config_of() {
	for config in "$root/boot/config-$1" "$root/lib/modules/$1/config" "$root/usr/lib/modules/$1/config"; do
		[ ! -f "$config" ] || { echo "$config"; return; }
	done
}

# check_kernel VERSION
check_kernel() {
	config=$(config_of "$1")
	[ -n "$config" ] || cannot "the kernel $1 has no configuration in /boot or beside its modules: nobody can tell whether it has IMA"
	grep -q '^CONFIG_IMA=y' "$config" || cannot "the kernel $1 has no CONFIG_IMA: it measures and appraises nothing"
	[ "$appraises" = no ] || grep -q '^CONFIG_IMA_APPRAISE=y' "$config" ||
		cannot "the kernel $1 has no CONFIG_IMA_APPRAISE: it cannot appraise files"
	for hash in $(words hash); do
		# One module of the kernel makes both SHA-384 and SHA-512.
		case $hash in sha256) option=CONFIG_CRYPTO_SHA256 ;; *) option=CONFIG_CRYPTO_SHA512 ;; esac
		grep -q "^$option=[ym]" "$config" || cannot "the kernel $1 has no $option: it cannot make $hash digests"
	done
}

if [ -n "$(words policy)" ]; then
	mkdir -p "$root/etc/ima"
	install -m 0644 "$dir/$(words policy)" "$policy"
	# Where SELinux rules, systemd must be allowed to read it.
	if [ -z "$root" ] && command -v restorecon >/dev/null; then restorecon "$policy" || :; fi
fi

appraises=no
[ -z "$(words appraise)" ] || appraises=yes
[ ! -e "$policy" ] || ! grep -q '^[[:blank:]]*appraise[[:blank:]]' "$policy" || appraises=yes

kernels=0
for kernel in "$root"/boot/vmlinuz-* "$root"/boot/vmlinux-*; do
	version=${kernel##*/vmlinu?-}
	# A rescue entry has no configuration and no modules of its own.
	case $version in '*' | 0-rescue-*) continue ;; esac
	check_kernel "$version"
	kernels=$((kernels + 1))
done
[ "$kernels" -gt 0 ] || cannot "there is no kernel in /boot: nobody can tell whether this guest has IMA"

if [ -e "$policy" ]; then
	case $(systemctl --version 2>/dev/null) in
	*+IMA*) ;;
	*) cannot "the systemd of this guest is built without IMA: it would not load the policy" ;;
	esac
fi

if [ -n "$(words label)" ]; then
	command -v python3 >/dev/null || cannot "this guest has no python3, which writes the labels"
	# The pass that counts comes last, and takes up what has changed since.
	first_pass=$dir/ima-first-pass
	printf '#!/bin/sh\nexec %s/ima-label.sh first-pass\n' "$dir" >"$first_pass"
	chmod 0700 "$first_pass"
	cvm-beside "$first_pass"
fi

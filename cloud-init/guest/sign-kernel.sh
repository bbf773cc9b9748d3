#!/bin/sh
# A hook for kernels that are installed after the rewrite, from cvm-image-rewriter (guest-signer of a plugin.yaml): signs the new
# kernel with the key in this image, so that shim starts it. One file in two places, told apart by their names:
#   /etc/kernel/postinst.d/00-cvm-sign-kernel VERSION [IMAGE]                             of Debian's and Ubuntu's kernel packages
#   /etc/kernel/install.d/05-cvm-sign-kernel.install COMMAND VERSION ENTRY-DIR IMAGE ...  of kernel-install(8)
# What it cannot sign ends the installation, before other hooks make a boot entry for a kernel that would be refused.
set -u
umask 077
keys=/etc/cvm-image-rewriter/secure-boot
key=$keys/kernel.key
certificate=$keys/kernel.pem
beside=

fail() {
	printf 'cvm-sign-kernel: %s\n' "$*" >&2
	exit 1
}

# Holds for the bytes that are there, whatever other signatures stand beside it.
is_signed() {
	sbverify --cert "$certificate" "$1" >/dev/null 2>&1
}

case ${0##*/} in
*.install)
	[ "${1:-}" = add ] || exit 0
	image=${4:-}
	;;
*)
	image=${2:-/boot/vmlinuz-${1:-}}
	;;
esac
[ -f "$image" ] || fail "there is no kernel \"$image\" to sign"
# The file itself takes the new one's place, not a link to it.
image=$(readlink -f -- "$image") || fail "the kernel $image cannot be found"
for program in sbsign sbverify; do
	command -v "$program" >/dev/null ||
		fail "$image is not signed: $program is missing. Install it (apt-get install sbsigntool), then: dpkg --configure -a. To do without signatures, remove $0"
done
for file in "$key" "$certificate"; do
	[ -r "$file" ] || fail "$image is not signed: $file is missing. Bring it back, or remove $0 to do without signatures"
done
! is_signed "$image" || exit 0

# No name that begins with vmlinuz: grub would offer it as a kernel. What a killed run has left goes first, since it takes room.
trap '[ -z "$beside" ] || rm -f -- "$beside"' EXIT
trap 'exit 1' HUP INT TERM
rm -f -- "${image%/*}"/.*.cvm-sign
beside=${image%/*}/.${image##*/}.cvm-sign
sbsign --key "$key" --cert "$certificate" --output "$beside" "$image" >&2 ||
	fail "$image is not signed: sbsign failed. Is there room left in ${image%/*}? ($(df -Pk "${image%/*}" | awk 'NR == 2 { print $4 }') KiB)"
is_signed "$beside" || fail "$image is not signed: what sbsign made does not hold under $certificate"
if ! { chown --reference="$image" -- "$beside" && chmod --reference="$image" -- "$beside" && sync -- "$beside"; }; then
	fail "$image is not signed: its owner and mode cannot be given to the signed file"
fi
mv -f -- "$beside" "$image" || fail "$image is not signed: the signed file cannot take its place"
printf 'cvm-sign-kernel: signed %s\n' "$image"

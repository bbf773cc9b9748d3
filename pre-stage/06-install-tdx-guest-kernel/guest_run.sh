#!/bin/sh
# The packages are installed by now; looks at the kernel that they brought.
set -eu
# Written by rootfs-install.sh of the rewriter.
new=/var/lib/cvm-image-rewriter/new-kernel
if [ ! -s "$new" ]; then
	echo "none of the packages in CVM_TDX_GUEST_REPO has a kernel (/boot/vmlinuz-VERSION)"
	exit 1
fi
kernel=$(cat "$new")
config=/boot/config-$kernel
if [ ! -e "$config" ]; then
	cvm-note "warning: the kernel $kernel has no $config: nobody can tell whether it is built for a TDX guest"
elif ! grep -q -x CONFIG_INTEL_TDX_GUEST=y "$config"; then
	cvm-note "warning: the kernel $kernel is built without CONFIG_INTEL_TDX_GUEST=y: it does not start as a TDX guest"
else
	cvm-note "the kernel $kernel is built for a TDX guest"
fi

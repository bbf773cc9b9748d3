#!/bin/sh
# Rebuilds the initrds and the boot loader's configuration, each once and only when something that it is
# made from has changed since the boothook put down its stamp.
set -u
stamp=/var/lib/cvm-image-rewriter/stamp

# changed PATH...: true when any file or directory below changed (ctime: tar keeps old modification times).
changed() {
	for path; do
		if [ -e "$path" ] && [ -n "$(find "$path" -xdev -cnewer "$stamp" -print -quit 2>/dev/null)" ]; then
			echo "changed: $path"
			return 0
		fi
	done
	return 1
}

rebuild_initrds() {
	if command -v update-initramfs >/dev/null; then
		update-initramfs -u -k all
	elif command -v dracut >/dev/null; then
		dracut --regenerate-all --force
	else
		echo "no initramfs-tools and no dracut here: initrds left as they are"
	fi
}

rebuild_boot_loader() {
	if command -v update-grub >/dev/null; then
		update-grub
	elif command -v grub2-mkconfig >/dev/null && [ -e /boot/grub2/grub.cfg ]; then
		grub2-mkconfig -o /boot/grub2/grub.cfg
	else
		echo "no grub here: boot loader left as it is"
	fi
}

# Where /lib is no link to /usr/lib, kernels and their like are in it.
lib=/lib
[ ! -L /lib ] || lib=/usr/lib
initrds=0
grub=0
if changed /etc/initramfs-tools /usr/share/initramfs-tools /etc/dracut.conf /etc/dracut.conf.d /usr/lib/dracut \
	/etc/modprobe.d /etc/modules /etc/modules-load.d /etc/udev/rules.d "$lib/udev/rules.d" /etc/crypttab \
	"$lib/modules" "$lib/firmware" /var/lib/cvm-image-rewriter/rebuild-initrds; then
	initrds=1
fi
if changed /etc/default/grub /etc/default/grub.d /etc/grub.d "$lib/modules" /etc/kernel/cmdline; then
	grub=1
fi

# The two do not read what the other writes (grub looks only for the names of initrds), so on two
# processors the shorter one costs nothing.
if [ "$initrds" = 1 ] && [ "$grub" = 1 ]; then
	rebuild_boot_loader &
	grub_pid=$!
	rebuild_initrds || exit
	wait "$grub_pid" || exit
elif [ "$initrds" = 1 ]; then
	rebuild_initrds || exit
elif [ "$grub" = 1 ]; then
	rebuild_boot_loader || exit
else
	echo "nothing changed that an initrd or the boot loader is made from"
fi

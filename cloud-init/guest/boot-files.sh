#!/bin/sh
# Rebuilds the initrds and the boot loader's configuration, each once and only when something that it is
# made from has changed since the boothook put down its stamp.
#
# With more than one processor the last ones rebuild the initrds, which takes longest, and the first one does the rest: the
# boot loader's configuration, then what plugins have given to cvm-beside. Each is bound to its own, because emulated
# processors slow each other down when work moves between them.
set -u
dir=/var/lib/cvm-image-rewriter
stamp=$dir/stamp
loader_rc=$dir/loader-rc

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

# kernels_with initrd|no-initrd: versions of kernels in /boot. One with modules and without an initrd was just installed, with its
# hooks silenced.
kernels_with() {
	for kernel in /boot/vmlinuz-*; do
		version=${kernel##*/vmlinuz-}
		[ "$1" = initrd ] || [ -d "$lib/modules/$version" ] || continue
		has=no-initrd
		for image in "/boot/initrd.img-$version" "/boot/initramfs-$version.img" /boot/*/"$version"/initrd; do
			[ ! -e "$image" ] || has=initrd
		done
		[ "$has" != "$1" ] || echo "$version"
	done
}

# make_initrd new|present VERSION
make_initrd() {
	if command -v update-initramfs >/dev/null; then
		case $1 in
		new) update-initramfs -c -k "$2" ;;
		*) update-initramfs -u -k "$2" ;;
		esac
	elif command -v dracut >/dev/null; then
		dracut --force --kver "$2"
	fi
}

# First of all, before the other lane: the boot loader's configuration names the initrds that are there when it is made.
create_initrds() {
	for version in $1; do make_initrd new "$version" || return; done
}

# rebuild_initrds VERSIONS: all but those, which are new. Empty: all.
rebuild_initrds() {
	if [ -n "$1" ]; then
		for version in $(kernels_with initrd); do
			case " $1 " in *" $version "*) continue ;; esac
			make_initrd present "$version" || return
		done
	elif command -v update-initramfs >/dev/null; then
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

# What the first processor does meanwhile. The loader's exit code is in its file before anything of cvm-beside begins.
first_lane() {
	rc=0
	[ "$1" = 0 ] || rebuild_boot_loader || rc=$?
	echo "$rc" >"$loader_rc.new"
	mv "$loader_rc.new" "$loader_rc"
	for job in "$dir"/beside/*; do
		[ ! -x "$job" ] || "$job" >"$dir/log/${job##*/}-beside" 2>&1 </dev/null
	done
}

rebuild_both_ways() {
	last=$(($(nproc) - 1))
	rm -f "$loader_rc"
	# A session of its own, so that all of it can be ended together.
	setsid taskset -c 0 "$0" first-lane "$grub" &
	lane=$!
	taskset -c "1-$last" "$0" initrds "$new"
	rc=$?
	while [ ! -e "$loader_rc" ] && kill -0 "$lane" 2>/dev/null; do sleep 0.1; done
	# Whatever of cvm-beside is not done by now is left to the part that it was to make shorter.
	# With -s: dash takes "-TERM --" for two signals.
	kill -s TERM -- "-$lane" 2>/dev/null
	wait "$lane" 2>/dev/null
	[ "$rc" -ne 0 ] || rc=$(cat "$loader_rc") || rc=1
	return "$rc"
}

# Where /lib is no link to /usr/lib, kernels and their like are in it.
lib=/lib
[ ! -L /lib ] || lib=/usr/lib
case ${1:-} in
first-lane)
	first_lane "$2"
	exit
	;;
initrds)
	rebuild_initrds "$2"
	exit
	;;
esac

initrds=0
grub=0
if changed /etc/initramfs-tools /usr/share/initramfs-tools /etc/dracut.conf /etc/dracut.conf.d /usr/lib/dracut \
	/etc/modprobe.d /etc/modules /etc/modules-load.d /etc/udev/rules.d "$lib/udev/rules.d" /etc/crypttab \
	"$lib/modules" "$lib/firmware" "$dir/rebuild-initrds"; then
	initrds=1
fi
if changed /etc/default/grub /etc/default/grub.d /etc/grub.d "$lib/modules" /etc/kernel/cmdline "$dir/rebuild-grub"; then
	grub=1
fi

new=
if [ "$initrds" = 1 ]; then
	new=$(kernels_with no-initrd | tr '\n' ' ')
	new=${new% }
	create_initrds "$new" || exit
fi
if [ "$initrds" = 1 ] && [ "$(nproc)" -gt 1 ] && command -v taskset >/dev/null && taskset -c 0 true 2>/dev/null; then
	rebuild_both_ways || exit
elif [ "$initrds" = 1 ]; then
	rebuild_initrds "$new" || exit
	[ "$grub" = 0 ] || rebuild_boot_loader || exit
elif [ "$grub" = 1 ]; then
	rebuild_boot_loader || exit
else
	echo "nothing changed that an initrd or the boot loader is made from"
fi

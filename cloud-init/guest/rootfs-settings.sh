#!/bin/sh
# After all scripts: what plugins want of users that were there before, of keys, units, modes and of what is to go; then the kernel
# that packages brought. Everything is read back by rootfs-check.sh.
# rootfs-settings.sh [ROOT]: of a guest that is not /, for tests.
set -eu
root=${1:-}
dir=$root/var/lib/cvm-image-rewriter
tab=$(printf '\t')
# shellcheck source=/dev/null
. "${0%/*}/rootfs-facts.sh"

# cloud-init leaves a user that is there already as it is, but for keys, sudo and the password's lock.
complete_users() {
	wanted user | while IFS="$tab" read -r user groups shell _ system who; do
		[ "$groups" = - ] || for group in $(echo "$groups" | tr , ' '); do
			getent group "$group" >/dev/null || groupadd "$group"
			groups_of "$user" | grep -q -x "$group" || usermod -a -G "$group" "$user"
		done
		shell=$(shell_for "$shell" "$system")
		[ "$shell" = - ] || [ "$(of 7 "$user")" = "$shell" ] || usermod -s "$shell" "$user"
		echo "user $user is there, for $who"
	done
}

# Of users that no plugin asks for, cloud-init has no keys: it cannot add one without changing the lock of the password too.
add_keys() {
	wanted key | while IFS="$tab" read -r user key who; do
		if ! getent passwd "$user" >/dev/null; then
			echo "there is no user $user, for whom $who brings a key; have it in users too"
			exit 1
		fi
		file=$(keys_of "$user")
		ssh=${file%/*}
		# A link would take root's hand to some other place.
		if [ -L "$ssh" ] || [ -L "$file" ]; then
			echo "$file is a link, or in one: no key is put there for $who"
			exit 1
		fi
		owner=$(of 3 "$user"):$(of 4 "$user")
		if [ ! -d "$ssh" ]; then
			mkdir -m 700 "$ssh"
			chown "$owner" "$ssh"
		fi
		[ -e "$file" ] || (umask 077 && : >"$file")
		chown "$owner" "$file"
		chmod 600 "$file"
		if has_key "$file" "$key"; then continue; fi
		# The last line may lack its end.
		[ -z "$(tail -c 1 "$file")" ] || echo >>"$file"
		printf '%s\n' "$key" >>"$file"
	done
}

# Without a reload of the running system, which this boot does not need any more and which takes a slow machine ten seconds each time.
set_units() {
	for verb in enable disable mask; do
		wanted "$verb" | while IFS="$tab" read -r unit who; do
			systemctl --no-reload "$verb" "$unit" || { echo "systemctl $verb $unit failed, which $who asks for"; exit 1; }
		done
	done
}

set_modes() {
	wanted mode | while IFS="$tab" read -r path mode owner group who; do
		if [ -L "$root$path" ]; then
			echo "$path is a link, and links have no mode; name what it leads to ($who)"
			exit 1
		fi
		[ -e "$root$path" ] || { echo "there is no $path, whose mode or owner $who wants to set"; exit 1; }
		[ "$owner" = - ] || getent passwd "$owner" >/dev/null || { echo "there is no user $owner, to whom $who gives $path"; exit 1; }
		[ "$group" = - ] || getent group "$group" >/dev/null || { echo "there is no group $group, to which $who gives $path"; exit 1; }
		[ "$owner" = - ] || chown "$(of 3 "$owner")" "$root$path"
		[ "$group" = - ] || chgrp "$(getent group "$group" | cut -d: -f3)" "$root$path"
		# After the owner: a new one takes setuid bits away.
		[ "$mode" = - ] || chmod "$mode" "$root$path"
	done
}

# Where links lead is only known here. As src/plugins/manifest/rootfs-removals.ts.
is_needed() {
	case $1 in
	/ | /usr | /etc | /boot | /bin | /sbin | /lib | /lib[0-9x]* | /var | /home | /root | /dev | /proc | /sys | /run | /opt | /srv | /tmp | /mnt | /media) return 0 ;;
	/usr/*/* | /var/*/*) return 1 ;;
	/usr/* | /var/*) return 0 ;;
	esac
	return 1
}

remove_paths() {
	wanted remove | while IFS="$tab" read -r path who; do
		if [ ! -e "$root$path" ] && [ ! -L "$root$path" ]; then
			echo "$path is not there anyway ($who)"
			continue
		fi
		place=$(readlink -f "$root${path%/*}/")
		place=${place#"$root"}
		if is_needed "${place%/}/${path##*/}"; then
			echo "$path is ${place%/}/${path##*/}, which a system needs; $who wants it removed"
			exit 1
		fi
		# A link goes, not what it leads to; a mounted file system stays, and is an error.
		rm -rf --one-file-system -- "$root$path" || { echo "$path cannot be removed, as $who wants"; exit 1; }
		echo "removed $path ($who)"
	done
}

# grub puts the highest version first; the kernel that came may be a lower one.
choose_kernel() {
	kernel=$(cat "$dir/new-kernel")
	first=$(find "$root/boot" -maxdepth 1 -name 'vmlinuz-*' | sed 's,.*/vmlinuz-,,' | sort -V | tail -n 1)
	choice=$root/etc/default/grub.d/zz-cvm-image-rewriter-kernel.cfg
	# Of an earlier run.
	rm -f "$choice"
	default=$(defaults && printf %s "${GRUB_DEFAULT:-0}")
	if [ "$first" = "$kernel" ] && [ "$default" = 0 ]; then
		echo "the kernel $kernel is the first one of the boot loader by itself"
		return
	fi
	if ! command -v grub-mkconfig >/dev/null; then
		echo "this guest has no grub-mkconfig: nobody can say there that the kernel $kernel is to boot"
		exit 1
	fi
	entry=0
	if [ "$first" != "$kernel" ]; then
		# The names that /etc/grub.d/10_linux gives to its entries.
		device=$(grub-probe --target=device /)
		id=$(grub-probe --device "$device" --target=fs_uuid 2>/dev/null) || id=$(echo "$device" | tr ' ' _)
		entry=gnulinux-$kernel-advanced-$id
		case $(defaults && printf %s "${GRUB_DISABLE_SUBMENU:-}") in
		y | true) ;;
		*) entry="gnulinux-advanced-$id>$entry" ;;
		esac
	fi
	mkdir -p "${choice%/*}"
	printf '%s\n' "# Written by cvm-image-rewriter: the kernel that the packages of a plugin brought is the one that boots." \
		"GRUB_DEFAULT='$entry'" >"$choice"
	echo "the kernel $kernel is set as the one that boots (the boot loader would take ${first:-none} of $default)"
}

# What grub-mkconfig reads. In a shell of its own, as it may be any shell text.
defaults() {
	set +eu
	for file in "$root/etc/default/grub" "$root"/etc/default/grub.d/*.cfg; do
		# shellcheck source=/dev/null
		[ ! -e "$file" ] || . "$file" >/dev/null 2>&1
	done
	:
}

complete_users
add_keys
set_units
set_modes
remove_paths
if [ -e "$dir/new-kernel" ]; then choose_kernel; fi

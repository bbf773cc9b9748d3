#!/bin/sh
# At the very end: reads everything back that plugins want of the root file system. What differs is printed with who asked for it, and
# fails the run.
# rootfs-check.sh [ROOT]: of a guest that is not /, for tests.
set -eu
root=${1:-}
dir=$root/var/lib/cvm-image-rewriter
tab=$(printf '\t')
# shellcheck source=/dev/null
. "${0%/*}/rootfs-facts.sh"

# Root's rights without a password; other tags may stand behind the first one.
has_sudo() {
	command -v sudo >/dev/null && sudo -n -l -U "$1" 2>/dev/null | grep -q -E 'NOPASSWD:([[:space:]]*[A-Z_]+:)*[[:space:]]*ALL'
}

is_locked() {
	case $(getent shadow "$1" | cut -d: -f2) in
	'!'* | '*'*) return 0 ;;
	esac
	return 1
}

check_users() {
	wanted group | while IFS="$tab" read -r group who; do
		getent group "$group" >/dev/null || differs "there is no group $group, which $who asks for"
	done
	wanted user | while IFS="$tab" read -r user groups shell sudo system who; do
		getent passwd "$user" >/dev/null || { differs "there is no user $user, whom $who asks for"; continue; }
		[ "$groups" = - ] || for group in $(echo "$groups" | tr , ' '); do
			groups_of "$user" | grep -q -x "$group" || differs "$user is not in the group $group, as $who asks"
		done
		[ "$shell" = - ] || [ -x "$root$shell" ] || differs "$shell, the shell of $user, is no program here ($who)"
		shell=$(shell_for "$shell" "$system")
		[ "$shell" = - ] || [ "$(of 7 "$user")" = "$shell" ] || differs "$user has the shell $(of 7 "$user"), and $who asks for $shell"
		is_locked "$user" || differs "the password of $user is not locked ($who)"
		if [ "$sudo" = true ]; then
			command -v sudo >/dev/null || { differs "sudo is not installed, and $who asks for it for $user"; continue; }
			has_sudo "$user" || differs "$user may not use sudo without a password, as $who asks"
		elif has_sudo "$user"; then
			differs "$user may use sudo without a password, which $who does not ask for"
		fi
	done
}

check_keys() {
	wanted key | while IFS="$tab" read -r user key who; do
		file=$(keys_of "$user")
		if [ ! -f "$file" ] || [ -L "$file" ]; then
			differs "there is no file $file, for a key of $who"
			continue
		fi
		facts=$(stat -c '%a %u' "$file")
		[ "$facts" = "600 $(of 3 "$user")" ] || differs "$file has mode and owner $facts, not 600 $(of 3 "$user") ($who)"
		has_key "$file" "$key" || differs "$file lacks the key $(echo "$key" | sed -E 's/^(\S+ ).*(\S{12})( .*|$)/\1...\2/'), which $who brings"
	done
}

check_packages() {
	wanted package | while IFS="$tab" read -r package who; do
		is_installed "$package" || differs "the package $package is not installed, which $who asks for"
	done
}

check_files() {
	wanted mode | while IFS="$tab" read -r path mode owner group who; do
		if [ ! -e "$root$path" ] || [ -L "$root$path" ]; then
			differs "there is no $path any more ($who)"
			continue
		fi
		# A leading zero makes an octal number of both.
		[ "$mode" = - ] || [ "$((0$(stat -c %a "$root$path")))" -eq "$((mode))" ] ||
			differs "$path has the mode $(stat -c %a "$root$path"), and $who asks for $mode"
		[ "$owner" = - ] || [ "$(stat -c %u "$root$path")" = "$(of 3 "$owner")" ] || differs "$path does not belong to $owner, as $who asks"
		[ "$group" = - ] || [ "$(stat -c %g "$root$path")" = "$(getent group "$group" | cut -d: -f3)" ] ||
			differs "$path does not belong to the group $group, as $who asks"
	done
	wanted remove | while IFS="$tab" read -r path who; do
		if [ -e "$root$path" ] || [ -L "$root$path" ]; then differs "$path is there, and $who wants it removed"; fi
	done
}

check_units() {
	for verb in enable disable mask; do
		wanted "$verb" | while IFS="$tab" read -r unit who; do
			state=$(systemctl is-enabled "$unit" 2>/dev/null || :)
			case $verb:$state in
			enable:enabled | enable:alias | disable:disabled | disable:indirect | disable:masked | mask:masked) ;;
			*) differs "$unit is ${state:-not known}, and $who asks systemctl to $verb it" ;;
			esac
		done
	done
}

check_kernel() {
	kernel=$(cat "$dir/new-kernel")
	config=$root/boot/grub/grub.cfg
	[ -e "$config" ] || { differs "there is no $config: nobody knows whether the kernel $kernel boots"; return; }
	boots=$("$dir/grub-default.sh" "$config") || { differs "$config: $boots"; return; }
	[ "$boots" = "$kernel" ] || differs "the boot loader boots the kernel $boots, not $kernel, which packages of a plugin brought"
	# What was not there when the configuration was made is not in it, and such an entry finds no root file system.
	grep -q "^[[:space:]]*initrd[[:space:]].*/initrd\.img-$kernel\$" "$config" || differs "$config has no initrd for the kernel $kernel"
}

count() { # count KIND WORD
	many=$(wanted "$1" | wc -l)
	[ "$many" -eq 0 ] || printf '%s: %s, ' "$2" "$many"
}

rm -f "$dir/differs"
check_users
check_keys
check_packages
check_files
check_units
[ ! -e "$dir/new-kernel" ] || check_kernel
none_differed || exit 1

all=$(
	count group groups
	count user users
	count key keys
	count package packages
	count deb '.deb files'
	count mode 'modes and owners'
	count remove removed
	count enable enabled
	count disable disabled
	count mask masked
)
cvm-note "read back, and as asked: ${all%, }$([ ! -e "$dir/new-kernel" ] || echo "; the kernel that boots is $(cat "$dir/new-kernel")")"

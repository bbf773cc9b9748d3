#!/bin/sh
# In a guest under test: looks for what `cvm-qemu-test --expect` asks, and tells the host what it has seen.
#
# It and its unit are in the throw-away layer of the disk only, never in the image. It judges nothing. What is asked stands in the
# file "questions" beside it: lines of words with tabs between them (src/guest/probe-questions.ts); nothing in them is run but the
# commands of "command" lines, which is what those are for. The answers go to the virtio port cvm.probe as JSON lines with the
# nonce of the run, free text as base64 (src/guest/probe-reader.ts).
#
# probe.sh                       all of the above
# probe.sh to FILE               the same, with the lines going to a file that is there
# probe.sh answer ASK WORD...    one answer as JSON members on standard output; a process of its own, so that it can be ended
set -u
umask 077
LC_ALL=C
PATH=${PATH:-/usr/sbin:/usr/bin:/sbin:/bin}
export LC_ALL PATH

PORT_NAME=cvm.probe
PORT_SECONDS=60
ANSWER_SECONDS=30
CONTENT_BYTES=65536
OUTPUT_BYTES=4096
LIST_BYTES=16384
EVENT_LOG_BYTES=1048576
CHUNK_BYTES=49152
# How long a port may take to be listened on, and a unit to leave "activating".
PATIENCE_SECONDS=15

text() { # text: standard input as one line of base64
	base64 | tr -d '\n'
}

member() { # member NAME TEXT: one member of the answer
	printf ',"%s":"%s"' "$1" "$(printf '%s' "$2" | text)"
}

# --- the answers, one function for each word that can be asked ---

answer_cmdline() {
	printf ',"cmdline":"%s"' "$(head -c "$LIST_BYTES" /proc/cmdline | text)"
}

# The variable's first four bytes are its attributes (Linux, Documentation/filesystems/efivarfs.rst), the fifth its value.
answer_secure_boot() {
	variable=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
	if [ ! -d /sys/firmware/efi ]; then
		member state no-uefi
	elif [ -r "$variable" ]; then
		member state "$(od -An -tu1 -j4 -N1 "$variable" | tr -d ' ')"
	elif [ -n "$(ls /sys/firmware/efi/efivars 2>/dev/null)" ]; then
		member state no-variable
	else
		member state no-efivars
	fi
}

answer_tpm() {
	if [ -e /sys/class/tpm/tpm0 ]; then member state there; else member state absent; fi
}

answer_pcr() { # answer_pcr BANK INDEX
	if [ ! -e /sys/class/tpm/tpm0 ]; then
		member state no-tpm
	elif [ -r "/sys/class/tpm/tpm0/pcr-$1/$2" ]; then
		member state there
		member value "$(head -c 200 "/sys/class/tpm/tpm0/pcr-$1/$2")"
	else
		member state no-register
		member banks "$(for bank in /sys/class/tpm/tpm0/pcr-*/; do basename "$bank"; done | tr '\n' ' ')"
	fi
}

# A field for each bank that there is: lines with the number of a register and its value.
answer_registers() {
	for bank in sha256 sha384; do
		[ -d "/sys/class/tpm/tpm0/pcr-$bank" ] || continue
		member "$bank" "$(
			for index in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23; do
				printf '%s ' "$index"
				head -c 200 "/sys/class/tpm/tpm0/pcr-$bank/$index"
			done
		)"
	done
}

answer_file() { # answer_file PATH
	if [ ! -e "$1" ] && [ ! -L "$1" ]; then
		member state absent
		return
	fi
	member state there
	member link "$([ ! -L "$1" ] || readlink "$1")"
	[ -e "$1" ] || return 0
	member kind "$(stat -L -c %F -- "$1")"
	member mode "$(stat -L -c %a -- "$1")"
	member owner "$(stat -L -c %U -- "$1")"
	member group "$(stat -L -c %G -- "$1")"
	[ -f "$1" ] || return 0
	member size "$(stat -L -c %s -- "$1")"
	printf ',"content":"%s"' "$(head -c "$CONTENT_BYTES" <"$1" | text)"
	member sha256 "$(sha256sum <"$1" | cut -c 1-64)"
}

answer_package() { # answer_package NAME
	if command -v dpkg-query >/dev/null 2>&1 && [ -s /var/lib/dpkg/status ]; then
		found=$(dpkg-query -W -f '${db:Status-Status} ${Version}\n' -- "$1" 2>/dev/null | grep '^installed ')
		member manager dpkg
		member versions "$(printf '%s' "$found" | cut -d ' ' -f 2 | sort -u)"
	elif command -v rpm >/dev/null 2>&1; then
		member manager rpm
		found=$(rpm -q --qf '%{EPOCHNUM}:%{VERSION}-%{RELEASE}\n' -- "$1" 2>/dev/null) || found=
		member versions "$(printf '%s' "$found" | sed 's/^0://' | sort -u)"
	else
		member manager ''
	fi
}

unit_properties() { # unit_properties UNIT
	systemctl show -p ActiveState -p LoadState -p UnitFileState -p Result -- "$1" 2>/dev/null
}

answer_unit() { # answer_unit UNIT
	waited=0
	properties=$(unit_properties "$1")
	while [ "$waited" -lt "$PATIENCE_SECONDS" ] && printf '%s\n' "$properties" | grep -q '^ActiveState=activating$'; do
		sleep 1
		waited=$((waited + 1))
		properties=$(unit_properties "$1")
	done
	member properties "$properties"
}

answer_failed_units() {
	units=$(systemctl list-units --all --state=failed --plain --no-legend --no-pager 2>/dev/null) || {
		member state unknown
		return
	}
	member state known
	printf ',"units":"%s"' "$(printf '%s\n' "$units" | awk '{ print $1 }' | head -c "$LIST_BYTES" | text)"
}

answer_user() { # answer_user NAME
	if getent passwd "$1" >/dev/null 2>&1; then
		member state there
		member groups "$(id -Gn -- "$1")"
	else
		member state absent
	fi
}

# State 0A is TCP_LISTEN (Linux, include/net/tcp_states.h).
listens() { # listens PORT-IN-HEX
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$1" '
		$4 == "0A" { n = split($2, address, ":"); if (address[n] == port) found = 1 }
		END { exit !found }'
}

answer_port() { # answer_port PORT-IN-HEX patient|now
	waited=0
	while ! listens "$1"; do
		if [ "$2" != patient ] || [ "$waited" -ge "$PATIENCE_SECONDS" ]; then
			member state closed
			return
		fi
		sleep 1
		waited=$((waited + 1))
	done
	member state open
}

answer_machine_id() {
	if [ -e /etc/machine-id ]; then member id "$(head -c 100 /etc/machine-id)"; else member id ''; fi
}

# Its output goes to a file: what a command leaves running cannot hold us up by keeping a pipe open.
answer_command() { # answer_command SECONDS BASE64
	line=$(printf '%s' "$2" | base64 -d)
	output=$(mktemp "${TMPDIR:-/run}/cvm-probe.XXXXXX") || return 1
	(cd / && exec timeout -k 2 "$1" sh -c "$line") >"$output" 2>&1 </dev/null
	rc=$?
	member rc "$rc"
	printf ',"output":"%s"' "$(tail -c "$OUTPUT_BYTES" "$output" | text)"
	rm -f "$output"
}

answer() { # answer ASK WORD...
	ask=$1
	shift
	case $ask in
	cmdline) answer_cmdline ;;
	secure-boot) answer_secure_boot ;;
	tpm) answer_tpm ;;
	pcr) answer_pcr "$@" ;;
	registers) answer_registers ;;
	file) answer_file "$@" ;;
	package) answer_package "$@" ;;
	unit) answer_unit "$@" ;;
	failed-units) answer_failed_units ;;
	user) answer_user "$@" ;;
	port) answer_port "$@" ;;
	machine-id) answer_machine_id ;;
	command) answer_command "$@" ;;
	*) return 1 ;;
	esac
}

if [ "${1:-}" = answer ]; then
	shift
	answer "$@"
	exit
fi

# --- all of them, in the guest ---

self=$0
questions=$(dirname "$self")/questions
tab=$(printf '\t')

read_up() {
	read -r up _ </proc/uptime
}

tell() { # tell JSON-MEMBERS
	read_up
	printf '{"cvm":"%s","s":%s%s}\n' "$nonce" "$up" "$1" >&3
}

# udev's link /dev/virtio-ports/cvm.probe may be missing or late; the kernel's own list is not.
find_port() {
	for name in /sys/class/virtio-ports/*/name; do
		if [ -r "$name" ] && [ "$(cat "$name")" = "$PORT_NAME" ]; then
			port=/dev/$(basename "$(dirname "$name")")
			[ -c "$port" ] && return
		fi
	done
	return 1
}

# Our own unit is of the kind whose start is over as soon as it runs, so it does not wait for itself.
settle() { # settle SECONDS
	read_up
	until_second=$((${up%%.*} + $1))
	while :; do
		case $(systemctl is-system-running 2>/dev/null) in
		initializing | starting) ;;
		*) return 0 ;;
		esac
		read_up
		[ "${up%%.*}" -lt "$until_second" ] || return 1
		sleep 1
	done
}

tell_event_log() { # tell_event_log PLACE
	log=$(mktemp "${TMPDIR:-/run}/cvm-probe.XXXXXX") || return 0
	head -c "$EVENT_LOG_BYTES" /sys/kernel/security/tpm0/binary_bios_measurements >"$log" 2>/dev/null
	size=$(stat -c %s "$log")
	of=$(((size + CHUNK_BYTES - 1) / CHUNK_BYTES))
	part=0
	while [ "$part" -lt "$of" ]; do
		part=$((part + 1))
		tell ",\"n\":$1,\"part\":$part,\"of\":$of,\"data\":\"$(dd if="$log" bs="$CHUNK_BYTES" skip=$((part - 1)) count=1 2>/dev/null | text)\""
	done
	[ "$of" -gt 0 ] || tell ",\"n\":$1,\"part\":0,\"of\":0,\"data\":\"\""
	rm -f "$log"
}

tell_answer() { # tell_answer PLACE ASK WORD...
	place=$1
	shift
	if [ "$1" = event-log ]; then
		tell_event_log "$place"
		return
	fi
	limit=$ANSWER_SECONDS
	[ "$1" != command ] || limit=$((limit + $2))
	if members=$(timeout -k 2 "$limit" /bin/sh "$self" answer "$@" 2>/dev/null </dev/null 3>&-); then
		tell ",\"n\":$place,\"answer\":{${members#,}}"
	else
		tell ",\"n\":$place,\"late\":1"
	fi
}

if [ "${1:-}" = to ]; then
	port=$2
else
	waited=0
	until find_port; do
		if [ "$waited" -ge "$PORT_SECONDS" ]; then
			echo "cvm-probe: there is no virtio port $PORT_NAME" >/dev/console
			exit 0
		fi
		sleep 1
		waited=$((waited + 1))
	done
fi
exec 3>"$port" || exit 0

{
	IFS=$tab read -r _ nonce settle_seconds
	tell ',"event":"begin"'
	settled=0
	if settle "$settle_seconds"; then settled=1; fi
	while IFS=$tab read -r place ask one two; do
		case $place in
		'' | \#*) continue ;;
		esac
		tell_answer "$place" "$ask" "$one" "$two"
	done
	tell ",\"event\":\"done\",\"settled\":$settled"
} <"$questions"

# shellcheck shell=sh
# The guest's half of the report protocol: JSON lines on the second serial port. Sourced by the others.
#
# Every line carries the nonce of the run; free text travels as base64, so that no quoting can go wrong.
# The host's half is src/guest/report.ts.

# First of all: variables of the person may have any name that begins with CVM_, and ours must hold.
# shellcheck source=/dev/null
. /var/lib/cvm-image-rewriter/run.env

CVM_DIR=/var/lib/cvm-image-rewriter
CVM_PORT=/dev/ttyS1
CVM_TAIL_LINES=20
CVM_TAIL_BYTES=4096
CVM_FAILED_LOG_BYTES=49152

# cvm_event NAME [JSON-MEMBERS]
cvm_event() {
	read -r cvm_up _ </proc/uptime
	printf '{"cvm":"%s","event":"%s","s":%s%s}\n' "$CVM_NONCE" "$1" "$cvm_up" "${2:+,$2}" >"$CVM_PORT"
}

# cvm_text: standard input as one line of base64
cvm_text() {
	base64 | tr -d '\n'
}

# cvm_tail FILE: what a person needs of a log that went well
cvm_tail() {
	tail -n "$CVM_TAIL_LINES" "$1" 2>/dev/null | tail -c "$CVM_TAIL_BYTES" | cvm_text
}

# cvm_run NAME COMMAND...: runs one part, reports its start and end, returns its exit code.
# Its output goes to a file and from there to the console, so that a daemon that the part leaves
# behind cannot hold us up by keeping a pipe open.
cvm_run() {
	cvm_part=$1
	shift
	cvm_log=$CVM_DIR/log/$cvm_part
	: >"$cvm_log"
	cvm_event part-start "\"part\":\"$cvm_part\""
	tail -n +1 -f "$cvm_log" 2>/dev/null &
	cvm_tail_pid=$!
	CVM_PART=$cvm_part "$@" >>"$cvm_log" 2>&1 </dev/null
	cvm_rc=$?
	kill "$cvm_tail_pid" 2>/dev/null
	if [ "$cvm_rc" -eq 0 ]; then
		cvm_event part-end "\"part\":\"$cvm_part\",\"rc\":0,\"tail\":\"$(cvm_tail "$cvm_log")\""
	else
		cvm_event part-end "\"part\":\"$cvm_part\",\"rc\":$cvm_rc,\"tail\":\"$(tail -c "$CVM_FAILED_LOG_BYTES" "$cvm_log" | cvm_text)\""
	fi
	return "$cvm_rc"
}

# cvm_fail PART RC: the run has failed; says so and ends the guest.
cvm_fail() {
	cvm_event failed "\"part\":\"$1\",\"rc\":$2"
	cvm_power_off
}

# cvm_power_off: at once. A clean shutdown takes a slow machine half a minute and changes nothing:
# the file systems are synced and mounted read-only first.
cvm_power_off() {
	sync
	echo 1 >/proc/sys/kernel/sysrq 2>/dev/null
	echo u >/proc/sysrq-trigger
	# The kernel remounts in its own time, the root last.
	cvm_tries=0
	while [ "$cvm_tries" -lt 50 ] && awk '$2 == "/" { mode = $4 } END { exit mode !~ /^rw/ }' /proc/mounts; do
		sleep 0.1
		cvm_tries=$((cvm_tries + 1))
	done
	echo o >/proc/sysrq-trigger
	sleep 20
	poweroff -ff
}

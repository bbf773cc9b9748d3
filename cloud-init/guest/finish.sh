#!/bin/sh
# The end of the run in the guest, after every part has run: boot files, cloud-init's own verdict, what is
# in the image, the post-stage's guest scripts (sealing among them), trim, done, off.
set -u
. /var/lib/cvm-image-rewriter/report.sh
PATH=$PATH:$CVM_DIR/bin
export PATH

wait_for_cloud_init_s=180

report_cloud_init() {
	waited=0
	while [ ! -e /run/cloud-init/result.json ] && [ "$waited" -lt "$wait_for_cloud_init_s" ]; do
		sleep 1
		waited=$((waited + 1))
	done
	status=$(cvm_text 2>/dev/null </run/cloud-init/status.json)
	result=$(cvm_text 2>/dev/null </run/cloud-init/result.json)
	warnings=$(grep -h -E '\[(WARNING|ERROR|CRITICAL)\]' /var/log/cloud-init.log 2>/dev/null | tail -n 20 | tail -c 8192 | cvm_text)
	# Its log has it; asking the program takes an emulated guest four seconds.
	version=$(sed -n '/Cloud-init v\. .* running/{s/.*Cloud-init v\. \([^ ]*\).*/\1/p;q;}' /var/log/cloud-init.log 2>/dev/null)
	[ -n "$version" ] || version=$(cloud-init --version 2>&1 | awk '{ print $NF }')
	version=$(printf '%s' "$version" | cvm_text)
	instance=$(cvm_text 2>/dev/null </var/lib/cloud/data/instance-id)
	cvm_event cloud-init "\"version\":\"$version\",\"instance\":\"$instance\",\"status\":\"$status\",\"result\":\"$result\",\"warnings\":\"$warnings\""
}

report_units() {
	failed=$(systemctl list-units --state=failed --plain --no-legend 2>/dev/null | awk '{ print $1 }' | head -n 50 | cvm_text)
	cvm_event units "\"failed\":\"$failed\""
}

report_inventory() {
	os=$(. /etc/os-release 2>/dev/null && printf '%s' "${PRETTY_NAME:-}" | cvm_text)
	boot=$(find /boot -maxdepth 1 \( -name 'vmlinuz-*' -o -name 'initrd*' -o -name 'initramfs-*' \) -printf '%f\n' 2>/dev/null | sort | cvm_text)
	cmdline=$(grep -h -m 1 -E '^[[:space:]]*linux(16|efi)?[[:space:]]' /boot/grub/grub.cfg /boot/grub2/grub.cfg 2>/dev/null | cvm_text)
	packages=$( (dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' || rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE} %{ARCH}\n') 2>/dev/null | gzip -9 | cvm_text)
	cvm_event inventory "\"os\":\"$os\",\"boot\":\"$boot\",\"cmdline\":\"$cmdline\",\"packages\":\"$packages\""
}

# What every copy of the image would share, or the build host knows, and is still there. The host's seal
# check reads this; it does not take 10-seal's word for it.
report_seal() {
	left=$(
		find /etc/ssh -maxdepth 1 -name 'ssh_host_*' 2>/dev/null
		[ ! -s /etc/machine-id ] || grep -qx uninitialized /etc/machine-id || echo /etc/machine-id
		for file in /var/lib/dbus/machine-id /var/lib/systemd/random-seed /var/lib/systemd/credential.secret /root/.bash_history; do
			[ ! -s "$file" ] || [ -L "$file" ] || echo "$file"
		done
		find /var/lib/cloud /var/log/journal /var/lib/dhcp /var/lib/dhcpcd /var/lib/NetworkManager -mindepth 1 -type f ! -name '*.conf' 2>/dev/null | head -n 20
		find /var/log -maxdepth 1 -name 'cloud-init*.log' 2>/dev/null
		find /etc/netplan /etc/network /etc/systemd/network /etc/NetworkManager/system-connections -type f -name '*cloud-init*' 2>/dev/null
	)
	if [ -e /etc/cloud/cloud-init.disabled ]; then closed=closed; else closed=open; fi
	# From an earlier rewrite with a guest-signer: it stays, since its hook needs it.
	if [ -e /etc/cvm-image-rewriter/secure-boot/kernel.key ]; then key=there; else key=none; fi
	cvm_event sealed "\"left\":\"$(printf '%s' "$left" | cvm_text)\",\"cloudInit\":\"$closed\",\"kernelKey\":\"$key\""
}

# What is in the guest, in parts that a line can hold. The host takes 32 of them.
report_listing() {
	listing=$CVM_DIR/listing
	bytes_each=196608
	"$CVM_DIR/inventory.sh" "$CVM_LISTING" | gzip -6 >"$listing"
	parts=$((($(stat -c %s "$listing") + bytes_each - 1) / bytes_each))
	part=0
	while [ "$part" -lt "$parts" ] && [ "$part" -lt 33 ]; do
		data=$(tail -c +$((part * bytes_each + 1)) "$listing" | head -c "$bytes_each" | cvm_text)
		part=$((part + 1))
		cvm_event listing "\"part\":$part,\"of\":$parts,\"data\":\"$data\""
	done
}

trim() {
	sync
	fstrim -a -v
}

# wish KIND STEP: what plugin.yaml files want of one kind, if they do.
wish() {
	[ ! -e "$CVM_DIR/$1-wishes" ] || cvm_run "$1-$2" "$CVM_DIR/$1-$2.sh" || cvm_fail "$1-$2" $?
}

wish rootfs settings
wish grub settings
wish initrd settings
wish ima settings
cvm_run boot-files "$CVM_DIR/boot-files.sh" || cvm_fail boot-files $?
wish grub check
wish initrd check
report_cloud_init
report_units
report_inventory

for part in "$CVM_DIR"/post-stage/post-*; do
	[ -f "$part" ] || continue
	cvm_run "${part##*/}" "$part" || cvm_fail "${part##*/}" $?
done
wish rootfs check
# After everything else: nothing may change a file once its digest stands in its label.
# Files without a label that the policy asks for are listed in its log, and the whole list belongs into the report.
# shellcheck disable=SC2034 # cvm_tail reads them
CVM_TAIL_LINES=1010 CVM_TAIL_BYTES=$CVM_FAILED_LOG_BYTES
wish ima label
# The last change of all: it cannot be labelled, sealed or removed after that.
if [ -e /etc/cvm-image-rewriter/read-only ]; then
	cvm_run read-only "$CVM_DIR/read-only.sh" close || cvm_fail read-only $?
fi

report_seal
[ -z "${CVM_LISTING:-}" ] || report_listing

# What is still needed is the report's own two variables, already read; everything else of ours goes before
# the trim, so that it is gone from the image file too.
cvm_log=$(mktemp -p /run)
# A log that is still open (our own is) would keep its text in the image when only its name goes.
for file in "$CVM_DIR"/log/*; do : >"$file"; done
rm -rf "$CVM_DIR"
trim >"$cvm_log" 2>&1
cvm_event trimmed "\"rc\":$?,\"tail\":\"$(cvm_tail "$cvm_log")\""
cvm_event 'done'
cvm_power_off

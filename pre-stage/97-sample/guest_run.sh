#!/bin/sh
# In the guest, as root, after the files, the cloud-configs and the scripts of cloud-init/x-shellscript.
set -eu
for name in greeting.conf by-cloud-init by-shellscript; do
	if [ ! -s "/etc/cvm-sample/$name" ]; then
		# Any exit code but 0 ends the run; what was printed last is shown.
		echo "/etc/cvm-sample/$name has not arrived"
		exit 1
	fi
done
cvm-note "all three files have arrived; $(tail -n 1 /etc/cvm-sample/greeting.conf)"

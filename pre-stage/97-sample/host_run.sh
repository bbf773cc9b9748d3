#!/bin/sh
# On the host, before the boot, in a private copy of this directory: what it writes here does not reach the original.
# The path of the work image is in GUEST_IMG.
set -eu
printf '# Written by 97-sample.\ngreeting=%s\n' "${CVM_SAMPLE_GREETING:-hello}" >files/etc/cvm-sample/greeting.conf
# The last line is shown to the person.
echo "the greeting is in files/"

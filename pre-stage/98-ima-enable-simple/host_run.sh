#!/bin/bash
# The kernel arguments as a drop-in of their own.
set -euo pipefail
mode=${IMA_APPRAISE:-log}
case $mode in
log | enforce) ;;
*)
	echo "IMA_APPRAISE must be log or enforce; it is: ${mode:0:80}"
	exit 1
	;;
esac
mkdir -p files/etc/default/grub.d
cat >files/etc/default/grub.d/98-ima.cfg <<END
# Added by 98-ima-enable-simple; what stands before stays.
GRUB_CMDLINE_LINUX_DEFAULT="\$GRUB_CMDLINE_LINUX_DEFAULT ima_appraise=$mode ima_hash=sha256"
END
echo "appraisal mode $mode"

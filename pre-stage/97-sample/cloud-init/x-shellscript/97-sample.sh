#!/bin/sh
# In the guest, before guest_run.sh. Several of them run in the order of their names.
set -eu
echo "written by a script" >/etc/cvm-sample/by-shellscript

#!/bin/bash
# /etc/tdx-attest.conf as Intel's libtdx_attest reads it: one line, port=NUMBER.
set -euo pipefail
port=${CVM_VSOCK_PORT:-}
if [ -z "$port" ]; then
	echo "CVM_VSOCK_PORT is not given: nothing to do"
	exit 0
fi
# 32 bits, without the 4294967295 that means "any port": VMADDR_PORT_ANY in linux/vm_sockets.h. Ten digits fit into the shell's 64 bits.
if ! [[ $port =~ ^[1-9][0-9]{0,9}$ ]] || [ "$port" -gt 4294967294 ]; then
	echo "CVM_VSOCK_PORT must be a port from 1 to 4294967294, such as 4050; it is: ${port:0:80}"
	exit 1
fi
mkdir -p files/etc
printf 'port=%s\n' "$port" >files/etc/tdx-attest.conf
chmod 644 files/etc/tdx-attest.conf
echo "quotes are asked for on vsock port $port"

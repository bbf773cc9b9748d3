#!/bin/bash
# CVM_REPORT is the report so far, as JSON with one member a line. Success is not assumed, it is read.
set -euo pipefail

outcome=$(sed -n 's/^  "outcome": "\(.*\)",\{0,1\}$/\1/p' "$CVM_REPORT")
bad=$(grep -c '^ *"ok": false' "$CVM_REPORT" || :)
good=$(grep -c '^ *"ok": true' "$CVM_REPORT" || :)
if [ "$outcome" != success ] || [ "$bad" -ne 0 ] || [ "$good" -eq 0 ]; then
	echo "the report does not tell of success: $bad checks failed"
	exit 1
fi
echo "all $good checks were good"

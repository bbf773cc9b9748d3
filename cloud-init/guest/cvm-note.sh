#!/bin/sh
# cvm-note WORDS...: a plugin's words to the person who runs the rewrite ("nothing to do: no netplan here").
# They stand in the progress and in the report. In the PATH of every guest script of a run.
. /var/lib/cvm-image-rewriter/report.sh
cvm_event note "\"part\":\"${CVM_PART:-}\",\"text\":\"$(printf '%s' "$*" | cvm_text)\""
printf '%s\n' "$*"

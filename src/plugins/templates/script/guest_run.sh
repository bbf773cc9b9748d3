#!/bin/sh
# Runs in the guest, as root, once, when the files of all plugins are in place. Options of plugin.yaml are variables.
# The first command that fails ends the run, and its last lines are shown. Initrds and the boot loader's configuration are
# rebuilt afterwards, when something has changed that they are made from: do not call update-initramfs or update-grub.
set -eu

settings=/etc/opt/__TITLE__/settings.conf
mkdir -p "${settings%/*}"
printf 'colour=%s\n' "${__OPTION___COLOUR:?}" >"$settings"

# What cvm-note says stands in the summary at the end and in the report.
cvm-note "$settings has the colour ${__OPTION___COLOUR}"

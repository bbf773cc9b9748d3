import type { LaunchConfig, QemuFlavour } from '../model/launch.js'
import { hostNeeds } from './host-needs.js'
import { ownVariables } from './own-variables.js'
import { qemuArguments } from './qemu-arguments.js'
import { optionLines, shellQuoted } from './shell-quoted.js'

/**
 * A POSIX shell script that starts the machine on a terminal: it can be carried to the host on which the machine is to run.
 *
 * What the machine writes besides its disks is the script's own: a copy of the UEFI variables, kept beside the image or in the
 * directory that is its first argument, and the state of a TPM, gone with the machine.
 *
 * @throws {CvmError} LAUNCH_INVALID as qemuArguments.
 */
export function startScript(config: LaunchConfig, flavour: QemuFlavour): string {
  const blocks = [
    opening(config, flavour),
    CHECKS,
    config.tpm || config.firmware.kind === 'uefi' ? OPTION_VALUE : [],
    hostChecks(config),
    fileChecks(config),
    cleanUp(config),
    variables(config),
    config.tpm ? TPM : [],
    start(config, flavour),
  ]
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => `${block.join('\n')}\n`)
    .join('\n')
}

type Block = readonly string[]

function opening(config: LaunchConfig, flavour: QemuFlavour): Block {
  const keeps = config.firmware.kind === 'uefi'
  return [
    '#!/bin/sh',
    `# Starts the virtual machine ${comment(config.name)} on this terminal. Ctrl-a x ends it, Ctrl-a c leads to QEMU's monitor.`,
    '#',
    '# The host needs:',
    ...hostNeeds(config, flavour).map((need) => `# - ${comment(need)}`),
    ...(keeps
      ? [
          '#',
          '# Usage: [QEMU=PROGRAM] SCRIPT [DIRECTORY]; the UEFI variables are kept in DIRECTORY (beside the image when it is left out).',
        ]
      : ['#', '# Usage: [QEMU=PROGRAM] SCRIPT']),
    '# shellcheck disable=SC2016 # What looks like a variable in quotes is meant for the guest.',
    'set -eu',
    'umask 077',
    '',
    'qemu=${QEMU:-qemu-system-x86_64}',
  ]
}

function hostChecks({ accel, tee, vsockCid, tpm }: LaunchConfig): Block {
  const kvm = accel === 'kvm' || tee.kind !== 'none'
  return [
    'need_program "$qemu"',
    ...(tpm ? ['need_program swtpm', 'need_program swtpm_setup'] : []),
    ...(kvm ? ["[ -w /dev/kvm ] || fail 'this host has no KVM that you may use (/dev/kvm)'"] : []),
    ...(tee.kind === 'tdx' ? moduleCheck('kvm_intel', 'tdx', 'TDX') : []),
    ...(tee.kind === 'snp' ? moduleCheck('kvm_amd', 'sev_snp', 'SEV-SNP') : []),
    ...(vsockCid === undefined
      ? []
      : [
          "[ -w /dev/vhost-vsock ] || fail 'this host has no vsock that you may use (/dev/vhost-vsock; modprobe vhost_vsock)'",
        ]),
  ]
}

/** The parameter of KVM's module says Y on a host that can. Source: Linux, arch/x86/kvm/vmx/tdx.c and arch/x86/kvm/svm/sev.c. */
function moduleCheck(module: string, parameter: string, what: string): Block {
  const path = `/sys/module/${module}/parameters/${parameter}`
  return [`[ "$(cat ${path} 2>/dev/null)" = Y ] || fail 'KVM of this host makes no ${what} guests (${path})'`]
}

function fileChecks({ disks, firmware, directBoot }: LaunchConfig): Block {
  const files = [
    ...disks.map((disk) => disk.path),
    ...(firmware.kind === 'uefi' ? [firmware.code, firmware.vars] : []),
    ...(firmware.kind === 'rom' ? [firmware.path] : []),
    ...(directBoot === undefined ? [] : [directBoot.kernel]),
    ...(directBoot?.initrd === undefined ? [] : [directBoot.initrd]),
  ]
  return files.map((path) => `need_file ${shellQuoted(path)}`)
}

function cleanUp({ firmware }: LaunchConfig): Block {
  const copies = firmware.kind === 'uefi'
  return [
    'qemu_pid=',
    'swtpm_pid=',
    ...(copies ? ['vars_new='] : []),
    'scratch=$(mktemp -d "${TMPDIR:-/tmp}/cvm-launch.XXXXXX")',
    'clean_up() {',
    '  for pid in $qemu_pid $swtpm_pid; do',
    '    kill "$pid" 2>/dev/null || :',
    '    wait "$pid" 2>/dev/null || :',
    '  done',
    ...(copies ? ['  [ -z "$vars_new" ] || rm -f -- "$vars_new"'] : []),
    '  rm -rf -- "$scratch"',
    '}',
    'trap clean_up EXIT',
    "trap 'exit 129' HUP",
    "trap 'exit 130' INT",
    "trap 'exit 143' TERM",
  ]
}

/** The copy appears under its name only when it is whole. */
function variables(config: LaunchConfig): Block {
  const { firmware } = config
  if (firmware.kind !== 'uefi') return []
  const { dir, file } = ownVariables(config, firmware)
  return [
    `keep=${shellQuoted(dir)}`,
    '[ $# -eq 0 ] || keep=$1',
    'case $keep in /*) ;; *) keep=$PWD/$keep ;; esac',
    `vars=$keep/${shellQuoted(file)}`,
    'if [ ! -e "$vars" ]; then',
    '  vars_new=$vars.new.$$',
    `  cp -- ${shellQuoted(firmware.vars)} "$vars_new"`,
    '  chmod u+w "$vars_new"',
    '  mv -- "$vars_new" "$vars"',
    'fi',
  ]
}

function start(config: LaunchConfig, flavour: QemuFlavour): Block {
  const firmware = config.firmware.kind === 'uefi' ? { ...config.firmware, vars: VARS } : config.firmware
  const args = qemuArguments({ ...config, firmware }, { kind: 'terminal', tpm: TPM_SOCKET }, flavour)
  return [
    '# In the background, with the terminal as its input, so that a signal for this script ends it at once.',
    'exec 3<&0',
    `"$qemu"${optionLines(args, argumentWord)} <&3 3<&- &`,
    'qemu_pid=$!',
    'exec 3<&-',
    'status=0',
    'wait "$qemu_pid" || status=$?',
    'qemu_pid=',
    '(exit "$status")',
  ]
}

/** An argument with the paths that only the script knows put in. */
function argumentWord(argument: string): string {
  return argument
    .split('\0')
    .map((part, index) => (index % 2 === 1 ? `"$(option_value "$${part}")"` : part === '' ? '' : shellQuoted(part)))
    .join('')
}

/** A comment ends with its line. */
function comment(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
}

/** Stand for variables of the script; NUL is in no argument. */
const VARS = '\0vars\0'
const TPM_SOCKET = '\0tpm_socket\0'

const CHECKS: Block = [
  'fail() {',
  `  printf '%s: %s\\n' "$0" "$1" >&2`,
  '  exit 3',
  '}',
  'need_program() { command -v "$1" >/dev/null || fail "$1 is not installed"; }',
  'need_file() { [ -r "$1" ] || fail "cannot read $1"; }',
]

const OPTION_VALUE: Block = [
  "# In QEMU's option syntax a comma ends a value; a doubled one is a comma.",
  `option_value() { printf '%s' "$1" | sed 's/,/,,/g'; }`,
]

/** Within its directory, for swtpm's options have no way to write a comma. */
const TPM: Block = [
  'mkdir "$scratch/tpm"',
  'tpm_socket=$scratch/tpm.sock',
  '(cd "$scratch" && swtpm_setup --tpm2 --tpmstate tpm --pcr-banks sha256,sha384 --overwrite >setup.log 2>&1) || {',
  '  cat "$scratch/setup.log" >&2',
  "  fail 'swtpm_setup could not make a TPM'",
  '}',
  '(cd "$scratch" && exec swtpm socket --tpm2 --tpmstate dir=tpm --ctrl type=unixio,path=tpm.sock --terminate) &',
  'swtpm_pid=$!',
  'tries=0',
  'until [ -S "$tpm_socket" ]; do',
  '  tries=$((tries + 1))',
  `  [ "$tries" -le 100 ] || fail 'swtpm did not start within 10 s'`,
  '  sleep 0.1',
  'done',
]

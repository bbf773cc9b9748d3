/** Environment variables that programs or our own scripts obey: no option may have such a name. */
export function isReserved(name: string): boolean {
  return NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix))
}

const NAMES: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'PWD', 'OLDPWD', 'IFS', 'ENV', 'TERM', 'TMPDIR', 'LANG', 'LANGUAGE'],
  ...['CDPATH', 'GLOBIGNORE', 'SHELLOPTS', 'PS4', 'TZ', 'EDITOR', 'PAGER', 'DISPLAY', 'CLASSPATH'],
  // Ours: docs/plugins.md, and cloud-init/guest/report.sh in the guest.
  ...[
    'GUEST_IMG',
    'CVM_WORK_DIR',
    'CVM_PLUGIN_DIR',
    'CVM_REPORT',
    'CVM_SCRIPT_TIMEOUT',
    'CVM_NONCE',
    'CVM_DIR',
    'CVM_PORT',
  ],
  ...[
    'CVM_PART',
    'CVM_PAYLOAD_BYTES',
    'CVM_PAYLOAD_HAS_UNITS',
    'CVM_DISK_GROWN',
    'CVM_EMULATED',
    'CVM_LISTING',
    'CVM_TAIL_LINES',
  ],
  ...['CVM_TAIL_BYTES', 'CVM_FAILED_LOG_BYTES'],
])
const PREFIXES = [
  'LD_',
  'LC_',
  'BASH',
  'XDG_',
  'DBUS_',
  'NODE_',
  'PYTHON',
  'PERL',
  'GIT_',
  'LIBGUESTFS_',
  'DPKG_',
  'DEBIAN_',
  'APT_',
  'SSH_',
  'SUDO_',
]

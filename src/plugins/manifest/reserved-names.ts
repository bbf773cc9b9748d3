/** Environment variables that programs or our own scripts obey, or that shells set themselves: no option may have such a name. */
export function isReserved(name: string): boolean {
  return NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix))
}

const NAMES: ReadonlySet<string> = new Set([
  // Shells: bash(1) "Shell Variables", dash(1).
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'PWD', 'OLDPWD', 'IFS', 'ENV', 'CDPATH', 'GLOBIGNORE', 'SHELLOPTS'],
  ...['PS1', 'PS2', 'PS3', 'PS4', 'OPTIND', 'OPTARG', 'OPTERR', 'UID', 'EUID', 'PPID', 'GROUPS', 'RANDOM', 'SRANDOM'],
  ...['SECONDS', 'LINENO', 'FUNCNAME', 'FUNCNEST', 'DIRSTACK', 'PIPESTATUS', 'REPLY', 'TIMEFORMAT', 'EXECIGNORE'],
  ...[
    'FIGNORE',
    'HOSTNAME',
    'HOSTTYPE',
    'OSTYPE',
    'MACHTYPE',
    'SHLVL',
    'TMOUT',
    'INPUTRC',
    'POSIXLY_CORRECT',
    'COPROC',
  ],
  // Programs of every system.
  ...['TERM', 'TMPDIR', 'TMP', 'TEMP', 'LANG', 'LANGUAGE', 'TZ', 'TZDIR', 'EDITOR', 'VISUAL', 'PAGER', 'BROWSER'],
  ...['DISPLAY', 'CLASSPATH', 'MAKEFLAGS', 'GCONV_PATH', 'LOCPATH', 'NLSPATH', 'HOSTALIASES', 'LOCALDOMAIN'],
  ...['RES_OPTIONS', 'HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'ALL_PROXY', 'NO_PROXY', 'WGETRC', 'GNUPGHOME'],
  ...['CURL_HOME', 'NOTIFY_SOCKET', 'WATCHDOG_PID', 'WATCHDOG_USEC', 'INVOCATION_ID', 'JOURNAL_STREAM'],
  ...['CREDENTIALS_DIRECTORY', 'SOURCE_DATE_EPOCH', 'GZIP', 'TAPE', 'COLUMNS', 'LINES'],
  // Ours: docs/plugins.md, and cloud-init/guest/report.sh in the guest.
  ...['GUEST_IMG', 'CVM_WORK_DIR', 'CVM_PLUGIN_DIR', 'CVM_REPORT', 'CVM_SCRIPT_TIMEOUT', 'CVM_NONCE', 'CVM_DIR'],
  ...[
    'CVM_PORT',
    'CVM_PART',
    'CVM_PAYLOAD_BYTES',
    'CVM_PAYLOAD_HAS_UNITS',
    'CVM_DISK_GROWN',
    'CVM_EMULATED',
    'CVM_LISTING',
  ],
  ...['CVM_TAIL_LINES', 'CVM_TAIL_BYTES', 'CVM_FAILED_LOG_BYTES'],
])

const PREFIXES = [
  ...[
    'LD_',
    'LC_',
    'BASH',
    'HIST',
    'XDG_',
    'DBUS_',
    'NODE_',
    'NPM_',
    'PYTHON',
    'PERL',
    'RUBY',
    'JAVA_',
    'GIT_',
    'LESS',
  ],
  ...['GREP_', 'TAR_', 'XZ_', 'ZSTD_', 'MALLOC_', 'GLIBC_', 'RESOLV_', 'OPENSSL_', 'SSL_', 'CURL_', 'GNUTLS_', 'KRB5'],
  ...['SSH_', 'SUDO_', 'DPKG_', 'DEBIAN_', 'DEBCONF_', 'APT_', 'UCF_', 'NEEDRESTART_', 'RPM_', 'SYSTEMD_', 'LISTEN_'],
  ...['QEMU_', 'LIBVIRT_', 'VIRSH_', 'VIRTINST_', 'LIBGUESTFS_', 'SUPERMIN_'],
  // update-grub and its like take a setting from the environment when no file has it.
  ...['GRUB_', 'DRACUT_', 'KERNEL_INSTALL_'],
]

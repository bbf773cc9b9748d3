import type { ErrorCode } from '../model/error-table.js'

export type SignKind =
  | 'firmware'
  | 'firmware-entry-failed'
  | 'firmware-refused'
  | 'network-boot'
  | 'no-bootable-device'
  | 'uefi-shell'
  | 'shim-refused'
  | 'boot-loader'
  | 'boot-loader-refused'
  | 'boot-loader-prompt'
  | 'kernel'
  | 'initrd-broken'
  | 'init'
  | 'target'
  | 'login'
  | 'cloud-init'
  | 'sealed'
  | 'failed-unit'
  | 'fsck-failed'
  | 'fsck-prompt'
  | 'out-of-memory'
  | 'panic'
  | 'init-frozen'
  | 'emergency-shell'
  | 'initramfs-shell'
  | 'passphrase-prompt'
  | 'halted'
  | 'power-off'
  | 'restart'

/** Something that the console told; the guest may lie, so it is a hint for people and for ending a run early, never proof of success. */
export interface ConsoleSign {
  readonly kind: SignKind
  /** The whole console line, printable. */
  readonly line: string
  /** What the kind is about: a unit, a target, a host name, a cloud-init stage, the reason of a panic; printable, may be empty. */
  readonly detail: string
}

/** Signs after which the guest gets no further by itself: a run may end at once with this code. */
export const FATAL_SIGNS: Readonly<Partial<Record<SignKind, ErrorCode>>> = {
  panic: 'GUEST_PANICKED',
  'init-frozen': 'GUEST_PANICKED',
  'emergency-shell': 'GUEST_EMERGENCY_SHELL',
  'initramfs-shell': 'GUEST_EMERGENCY_SHELL',
  'fsck-prompt': 'GUEST_EMERGENCY_SHELL',
  'boot-loader-prompt': 'GUEST_BOOT_LOADER_PROMPT',
  'passphrase-prompt': 'GUEST_DISK_LOCKED',
  'uefi-shell': 'GUEST_NOT_BOOTABLE',
  'no-bootable-device': 'GUEST_NOT_BOOTABLE',
  halted: 'GUEST_STOPPED_EARLY',
  'shim-refused': 'GUEST_BOOT_REFUSED',
  'boot-loader-refused': 'GUEST_BOOT_REFUSED',
}

interface SignRow {
  readonly kind: SignKind
  /** Matches at the start of a line, after the kernel's time stamp; the group `detail` is what it is about. */
  readonly pattern: RegExp
  /** A program waits for input behind this text: it is looked for in a line that has not ended yet as well. */
  readonly prompt?: true
}

/**
 * The first row that matches decides. Patterns only ever match at the start of a line: a guest's own text ("we had a
 * Kernel panic yesterday") must not end a run.
 */
export const SIGNS: readonly SignRow[] = [
  // ---- firmware
  // BdsDxe: failed to load Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x1,0x0): Access Denied
  // Not what is in the firmware itself, which Secure Boot always refuses:
  // BdsDxe: failed to start Boot0002 "EFI Internal Shell" from Fv(7CB8BDC9-…)/FvFile(7C04A583-…): Security Violation
  {
    kind: 'firmware-refused',
    pattern:
      /BdsDxe: failed to (?:load|start) (?<detail>Boot[0-9A-F]{4} ".*") from (?!Fv\().*: (?:Access Denied|Security Violation)/,
  },
  // BdsDxe: failed to load Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x3,0x0): Not Found
  { kind: 'firmware-entry-failed', pattern: /BdsDxe: failed to (?:load|start) (?<detail>Boot[0-9A-F]{4}.*)/ },
  // BdsDxe: No bootable option or device was found.
  { kind: 'no-bootable-device', pattern: /BdsDxe: No bootable option or device was found/ },
  // BdsDxe: loading Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x3,0x0)
  // BdsDxe: starting Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x3,0x0)
  { kind: 'firmware', pattern: /BdsDxe: (?:loading|starting) (?<detail>Boot[0-9A-F]{4})/ },
  // UEFI firmware (version edk2-20240813-2.el9 built at 00:00:00 on Aug 13 2024)
  { kind: 'firmware', pattern: /UEFI firmware (?<detail>\(version .*|starting.*)/ },
  // SeaBIOS (version 1.16.2-debian-1.16.2-1)
  { kind: 'firmware', pattern: /(?<detail>SeaBIOS \(version [^)]*\))/ },
  // Booting from Hard Disk...
  { kind: 'firmware', pattern: /Booting from (?<detail>(?:Hard Disk|DVD\/CD|Floppy)[^.]*)\.\./ },
  // Boot failed: not a bootable disk
  { kind: 'firmware-entry-failed', pattern: /Boot failed: (?<detail>.*)/ },
  // No bootable device.
  { kind: 'no-bootable-device', pattern: /No bootable device\./ },
  // >>Start PXE over IPv4.        >>Start HTTP Boot over IPv4.
  { kind: 'network-boot', pattern: />>Start (?<detail>PXE|HTTP Boot) over/ },
  // iPXE (http://ipxe.org) 00:02.0 C900 PCI2.10 PnP PMM+3EFCFB10+3EF0FB10 C900
  { kind: 'network-boot', pattern: /(?<detail>iPXE) \(/ },
  // Booting from ROM..
  { kind: 'network-boot', pattern: /Booting from (?<detail>ROM)\.\./ },
  // Shell>        FS0:\>
  { kind: 'uefi-shell', pattern: /(?:Shell|[A-Z]{2,3}\d+:[^>]*\\)> ?(?:$|\s)/, prompt: true },

  // ---- boot loader
  // │                Verification failed: (0x1A) Security Violation                │
  { kind: 'shim-refused', pattern: /[^\x20-\x7e]* *(?<detail>Verification failed: \(0x1A\) Security Violation)/ },
  // Verifying shim SBAT data failed: Security Policy Violation
  { kind: 'shim-refused', pattern: /Verif\w+ (?<detail>shim SBAT data failed: Security Policy Violation)/ },
  // error: bad shim signature.        error: ../../grub-core/kern/efi/sb.c:182:bad shim signature.
  // error: /boot/vmlinuz-5.4.0-42-generic has invalid signature.
  {
    kind: 'boot-loader-refused',
    pattern: /error: (?:\S+:\d+: ?)?(?<detail>bad shim signature|\S+ has invalid signature)\./,
  },
  // grub rescue>        grub>
  { kind: 'boot-loader-prompt', pattern: /(?<detail>grub(?: rescue)?)>/, prompt: true },
  // Welcome to GRUB!        GRUB loading..        GNU GRUB  version 2.12-9
  { kind: 'boot-loader', pattern: /(?:Welcome to )?(?:GNU )?(?<detail>GRUB)(?:!| loading| +version )/ },
  //   Booting `Debian GNU/Linux'
  { kind: 'boot-loader', pattern: / *Booting [`'"](?<detail>[^'"]*)['"]/ },
  // Loading Linux 6.12.48+deb13-cloud-amd64 ...
  { kind: 'boot-loader', pattern: /Loading (?<detail>Linux \S+) \.\.\./ },
  // SYSLINUX 6.04 EDD 20200816 Copyright (C) 1994-2015 H. Peter Anvin et al
  { kind: 'boot-loader', pattern: /(?<detail>(?:SYS|EXT|ISO)LINUX) \d/ },

  // ---- kernel
  // EFI stub: Loaded initrd from LINUX_EFI_INITRD_MEDIA_GUID device path
  { kind: 'kernel', pattern: /(?<detail>EFI stub): / },
  // [    0.000000] Linux version 6.12.48+deb13-cloud-amd64 (debian-kernel@lists.debian.org) ...
  { kind: 'kernel', pattern: /Linux version (?<detail>\S+)/ },
  // [    7.388482] Initramfs unpacking failed: ZSTD-compressed data is corrupt
  { kind: 'initrd-broken', pattern: /Initramfs unpacking failed: (?<detail>.*)/ },
  // [    1.482913] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)
  // [    2.110482] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100
  // [    2.113847] ---[ end Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100 ]---
  { kind: 'panic', pattern: /(?:---\[ end )?Kernel panic - not syncing: ?(?<detail>.*?)(?: \]---)?$/ },
  // Attempted to kill init!
  { kind: 'panic', pattern: /(?<detail>Attempted to kill init!.*)/ },
  // [   41.120034] Out of memory: Killed process 712 (apt-get) total-vm:812340kB, anon-rss:402112kB, ...
  // [   41.120034] Memory cgroup out of memory: Killed process 712 (mandb) total-vm:...
  {
    kind: 'out-of-memory',
    pattern: /(?:Memory cgroup out|Out) of memory: Kill(?:ed)? process \d+ \((?<detail>[^)]*)\)/,
  },
  // [   93.527405] reboot: Power down        [   93.527405] reboot: Restarting system        [   93.5] reboot: System halted
  { kind: 'power-off', pattern: /reboot: (?<detail>Power down|Power off)/ },
  { kind: 'restart', pattern: /reboot: (?<detail>Restarting system)/ },
  { kind: 'halted', pattern: /reboot: (?<detail>System halted)/ },

  // ---- initramfs
  // (initramfs)        dracut:/#        switch_root:/#
  {
    kind: 'initramfs-shell',
    pattern: /(?<detail>\(initramfs\)|(?:dracut|switch_root|pre-mount|initqueue):\S*#)(?: |$)/,
    prompt: true,
  },
  // ALERT!  UUID=6fdbe41e-1d0f-4a4c-8c6d-0b8a94c3a8c4 does not exist.  Dropping to a shell!
  { kind: 'initramfs-shell', pattern: /ALERT! +(?<detail>\S+ does not exist)\. +Dropping to a shell!/ },
  // Generating "/run/initramfs/rdsosreport.txt"
  { kind: 'initramfs-shell', pattern: /Generating "\/run\/initramfs\/(?<detail>rdsosreport\.txt)"/ },
  // Entering emergency mode. Exit the shell to continue.
  { kind: 'emergency-shell', pattern: /Entering (?<detail>emergency mode)\. Exit the shell to continue/ },

  // Please unlock disk vda3_crypt:        Please enter passphrase for disk luks-6fdbe41e (rootfs): (press TAB for no echo)
  // Enter passphrase for hd0,gpt2 (6fdbe41e1d0f4a4c8c6d0b8a94c3a8c4):        (grub)
  {
    kind: 'passphrase-prompt',
    pattern:
      /(?:[^\x00-\x7f]+ )?(?:Please unlock disk|(?:Please e|E)nter passphrase for(?: disk)?) (?<detail>[^:!]+)[:!]/,
    prompt: true,
  },

  // ---- init
  // You are in emergency mode. After logging in, type "journalctl -xb" to view
  // Welcome to emergency mode!        You are in rescue mode. After logging in, type "journalctl -xb" to view
  { kind: 'emergency-shell', pattern: /(?:Welcome to|You are in) (?<detail>(?:emergency|rescue) mode)/ },
  // [    3.084127] systemd[1]: systemd 257.8-1~deb13u2 running in system mode (+PAM +AUDIT ...)
  { kind: 'init', pattern: /systemd\[1\]: (?<detail>systemd \S+) running in system/ },
  // Welcome to Debian GNU/Linux 13 (trixie)!
  { kind: 'init', pattern: /(?:systemd\[1\]: )?Welcome to (?<detail>[^!]+)!$/ },
  //    OpenRC 0.55.1 is starting up Linux 6.12.1-0-virt (x86_64)
  { kind: 'init', pattern: / *(?<detail>OpenRC \S+) is starting up/ },
  // INIT: version 3.06 booting
  { kind: 'init', pattern: /INIT: (?<detail>version \S+) booting/ },
  // [  OK  ] Reached target multi-user.target - Multi-User System.        [  OK  ] Reached target Cloud-init target.
  // [   21.530122] systemd[1]: Reached target graphical.target - Graphical Interface.
  { kind: 'target', pattern: /(?:\[ *OK *\] |systemd\[1\]: )Reached target (?<detail>.+?)\.?$/ },
  // [FAILED] Failed to start ssh.service - OpenBSD Secure Shell server.        [FAILED] Failed to mount /data.
  // [   12.402158] systemd[1]: Failed to start ssh.service - OpenBSD Secure Shell server.
  {
    kind: 'failed-unit',
    pattern:
      /(?:\[FAILED\] |systemd\[1\]: )Failed to (?:start|mount|listen on|activate swap|set up automount|restart) (?<detail>.+?)\.?$/,
  },
  // Give root password for maintenance
  { kind: 'emergency-shell', pattern: /(?<detail>Give root password for (?:maintenance|login))/, prompt: true },
  // Press Enter for maintenance
  { kind: 'emergency-shell', pattern: /(?<detail>Press Enter for maintenance)/, prompt: true },
  // Cannot open access to console, the root account is locked.
  { kind: 'emergency-shell', pattern: /Cannot open access to console, (?<detail>the root account is locked)/ },
  // [!!!!!!] Failed to mount API filesystems.        [    2.41] systemd[1]: Freezing execution.
  { kind: 'init-frozen', pattern: /(?:\[!!!!!!\] (?<detail>.+?)\.?$|systemd\[1\]: Freezing execution)/ },
  // /dev/vda1: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.        systemd-fsck[310]: /dev/vda2: UNEXPECTED ...
  {
    kind: 'fsck-failed',
    pattern: /(?:systemd-fsck\[\d+\]: |fsck\S*: )?(?<detail>\S+): UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY/,
  },
  // Inode 1432 was part of the orphaned inode list.  Fix<y>?
  { kind: 'fsck-prompt', pattern: /(?<detail>[A-Z][ -~]{0,160})<[yn]>\? ?$/, prompt: true },

  // ---- cloud-init
  // [   18.301145] cloud-init[412]: Cloud-init v. 25.1.4 running 'init' at Tue, 12 Aug 2025 10:00:00 +0000. Up 18.29 seconds.
  // Cloud-init v. 25.1.4 finished at Tue, 12 Aug 2025 10:00:20 +0000. Datasource DataSourceNoCloud [seed=/dev/vdb].  Up 38.1 seconds
  {
    kind: 'cloud-init',
    pattern: /(?:cloud-init\[\d+\]: )?Cloud-init v\. \S+ (?<detail>running '[a-z:-]+'|finished at .*)/,
  },

  // ---- what post-stage/10-seal puts above the login prompt
  // Sealed by cvm-image-rewriter: cloud-init is closed.
  // A seed disk has no effect on this machine.
  {
    kind: 'sealed',
    pattern: /Sealed by cvm-image-rewriter: cloud-init is closed\.|A seed disk has no effect on this machine\./,
  },

  // ---- login
  // debian login:        debian login: root (automatic login)
  {
    kind: 'login',
    pattern: /(?!Last )(?<detail>[A-Za-z0-9][\w.-]*) login:(?: ?$| +\[| root \(automatic login\))/,
    prompt: true,
  },
]

/** The sign tells that the usual last target of a boot is reached: everything of cloud-init's network stage has run by then. */
export function isDefaultTarget(sign: ConsoleSign): boolean {
  return sign.kind === 'target' && DEFAULT_TARGET.test(sign.detail)
}

/** Whether a line could be a sign at all; one cheap look, for floods. Takes the line as Latin-1 or UTF-8 text. */
export function mayBeSign(line: string): boolean {
  return ANY.test(line)
}

/** The sign in a printable line, or none. `ended` is false for a line that still waits for its end: only prompts are signs then. */
export function signOf(line: string, ended: boolean): ConsoleSign | undefined {
  for (const { kind, pattern, prompt } of ANCHORED) {
    if (!ended && prompt !== true) continue
    const match = pattern.exec(line)
    if (match !== null) return { kind, line, detail: detailOf(kind, match.groups?.['detail'] ?? '') }
  }
  return undefined
}

/** systemd shows `ssh.service - OpenBSD Secure Shell server`, older ones only the description; the unit's name is preferred. */
function detailOf(kind: SignKind, detail: string): string {
  if (kind !== 'failed-unit' && kind !== 'target') return detail
  const [unit, description] = detail.split(' - ', 2)
  return unit !== undefined && description !== undefined && /\.[a-z]+$/.test(unit) ? unit : detail
}

/** Unit names of systemd 247 and later, or the descriptions of older ones. */
const DEFAULT_TARGET = /^(?:(?:multi-user|graphical)\.target|Multi-User System|Graphical Interface)$/

// [   12.345678]  or, with CONFIG_PRINTK_CALLER, [   12.345678][    T1]
const KERNEL_STAMP = String.raw`^(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? *)?`

const ANCHORED = SIGNS.map((row) => ({ ...row, pattern: new RegExp(`${KERNEL_STAMP}(?:${row.pattern.source})`) }))

const ANY = new RegExp(
  `${KERNEL_STAMP}(?:${SIGNS.map((row) => row.pattern.source.replaceAll('(?<detail>', '(?:')).join('|')})`,
)

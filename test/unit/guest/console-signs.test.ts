import { describe, expect, it } from 'vitest'
import { mayBeSign, SIGNS, signOf } from '../../../src/guest/console-signs.js'

// Lines as firmware, boot loaders, kernels and init systems print them (colours removed).
const ENDED: readonly (readonly [line: string, kind: string, detail: string])[] = [
  ['BdsDxe: loading Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x3,0x0)', 'firmware', 'Boot0001'],
  ['BdsDxe: starting Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x3,0x0)', 'firmware', 'Boot0001'],
  [
    'BdsDxe: failed to load Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x3,0x0): Not Found',
    'firmware-entry-failed',
    'Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x3,0x0): Not Found',
  ],
  // OVMF 2022.11 with a shim, Debian 13's shim with a grub, and its grub with a kernel, of which one bit was turned over.
  [
    'BdsDxe: failed to load Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x1,0x0): Access Denied',
    'firmware-refused',
    'Boot0001 "UEFI Misc Device"',
  ],
  [
    'BdsDxe: failed to start Boot0002 "EFI Internal Shell" from Fv(7CB8BDC9): Security Violation',
    'firmware-entry-failed',
    'Boot0002 "EFI Internal Shell" from Fv(7CB8BDC9): Security Violation',
  ],
  [
    '\ufffd                Verification failed: (0x1A) Security Violation                \ufffd',
    'shim-refused',
    'Verification failed: (0x1A) Security Violation',
  ],
  [
    'Verifying shim SBAT data failed: Security Policy Violation',
    'shim-refused',
    'shim SBAT data failed: Security Policy Violation',
  ],
  ['error: bad shim signature.', 'boot-loader-refused', 'bad shim signature'],
  ['error: ../../grub-core/kern/efi/sb.c:182:bad shim signature.', 'boot-loader-refused', 'bad shim signature'],
  [
    'error: /boot/vmlinuz-5.4.0 has invalid signature.',
    'boot-loader-refused',
    '/boot/vmlinuz-5.4.0 has invalid signature',
  ],
  // Linux 6.12 with an initrd of which one bit was turned over, in the middle and at its start.
  [
    '[    7.388482] Initramfs unpacking failed: ZSTD-compressed data is corrupt',
    'initrd-broken',
    'ZSTD-compressed data is corrupt',
  ],
  [
    '[    4.607074] Initramfs unpacking failed: invalid magic at start of compressed archive',
    'initrd-broken',
    'invalid magic at start of compressed archive',
  ],
  ['BdsDxe: No bootable option or device was found.', 'no-bootable-device', ''],
  [
    'UEFI firmware (version edk2-20240813-2.el9 built at 00:00:00 on Aug 13 2024)',
    'firmware',
    '(version edk2-20240813-2.el9 built at 00:00:00 on Aug 13 2024)',
  ],
  ['SeaBIOS (version 1.16.2-debian-1.16.2-1)', 'firmware', 'SeaBIOS (version 1.16.2-debian-1.16.2-1)'],
  ['Booting from Hard Disk...', 'firmware', 'Hard Disk'],
  ['Boot failed: not a bootable disk', 'firmware-entry-failed', 'not a bootable disk'],
  ['No bootable device.', 'no-bootable-device', ''],
  ['>>Start PXE over IPv4.', 'network-boot', 'PXE'],
  ['>>Start HTTP Boot over IPv4.', 'network-boot', 'HTTP Boot'],
  ['iPXE (http://ipxe.org) 00:02.0 C900 PCI2.10 PnP PMM+3EFCFB10+3EF0FB10 C900', 'network-boot', 'iPXE'],
  ['Booting from ROM...', 'network-boot', 'ROM'],
  ['Welcome to GRUB!', 'boot-loader', 'GRUB'],
  ['GRUB loading..', 'boot-loader', 'GRUB'],
  ['GNU GRUB  version 2.12-9', 'boot-loader', 'GRUB'],
  ["  Booting `Debian GNU/Linux'", 'boot-loader', 'Debian GNU/Linux'],
  ['Loading Linux 6.12.48+deb13-cloud-amd64 ...', 'boot-loader', 'Linux 6.12.48+deb13-cloud-amd64'],
  ['SYSLINUX 6.04 EDD 20200816 Copyright (C) 1994-2015 H. Peter Anvin et al', 'boot-loader', 'SYSLINUX'],
  ['EFI stub: Loaded initrd from LINUX_EFI_INITRD_MEDIA_GUID device path', 'kernel', 'EFI stub'],
  [
    '[    0.000000] Linux version 6.12.48+deb13-cloud-amd64 (debian-kernel@lists.debian.org)',
    'kernel',
    '6.12.48+deb13-cloud-amd64',
  ],
  ['[    0.000000][    T0] Linux version 6.6.0 (root@x)', 'kernel', '6.6.0'],
  [
    '[    1.482913] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)',
    'panic',
    'VFS: Unable to mount root fs on unknown-block(0,0)',
  ],
  [
    '[    2.113847] ---[ end Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100 ]---',
    'panic',
    'Attempted to kill init! exitcode=0x00000100',
  ],
  ['[    2.113847][    T1] Attempted to kill init!', 'panic', 'Attempted to kill init!'],
  ['[   41.120034] Out of memory: Killed process 712 (apt-get) total-vm:812340kB', 'out-of-memory', 'apt-get'],
  ['[   41.1] Memory cgroup out of memory: Killed process 9 (mandb) total-vm:1kB', 'out-of-memory', 'mandb'],
  ['[   93.527405] reboot: Power down', 'power-off', 'Power down'],
  ['[   93.527405] reboot: Restarting system', 'restart', 'Restarting system'],
  ['[   93.527405] reboot: System halted', 'halted', 'System halted'],
  [
    'ALERT!  UUID=6fdbe41e-1d0f-4a4c-8c6d-0b8a94c3a8c4 does not exist.  Dropping to a shell!',
    'initramfs-shell',
    'UUID=6fdbe41e-1d0f-4a4c-8c6d-0b8a94c3a8c4 does not exist',
  ],
  ['Generating "/run/initramfs/rdsosreport.txt"', 'initramfs-shell', 'rdsosreport.txt'],
  ['Entering emergency mode. Exit the shell to continue.', 'emergency-shell', 'emergency mode'],
  [
    '[    3.084127] systemd[1]: systemd 257.8-1~deb13u2 running in system mode (+PAM +AUDIT)',
    'init',
    'systemd 257.8-1~deb13u2',
  ],
  ['Welcome to Debian GNU/Linux 13 (trixie)!', 'init', 'Debian GNU/Linux 13 (trixie)'],
  ['   OpenRC 0.55.1 is starting up Linux 6.12.1-0-virt (x86_64)', 'init', 'OpenRC 0.55.1'],
  ['INIT: version 3.06 booting', 'init', 'version 3.06'],
  ['[  OK  ] Reached target multi-user.target - Multi-User System.', 'target', 'multi-user.target'],
  ['[  OK  ] Reached target Graphical Interface.', 'target', 'Graphical Interface'],
  ['[  OK  ] Reached target cloud-init.target - Cloud-init target.', 'target', 'cloud-init.target'],
  ['Sealed by cvm-image-rewriter: cloud-init is closed.', 'sealed', ''],
  ['A seed disk has no effect on this machine.', 'sealed', ''],
  ['[   21.530122] systemd[1]: Reached target graphical.target - Graphical Interface.', 'target', 'graphical.target'],
  ['[FAILED] Failed to start ssh.service - OpenBSD Secure Shell server.', 'failed-unit', 'ssh.service'],
  ['[FAILED] Failed to start OpenBSD Secure Shell server.', 'failed-unit', 'OpenBSD Secure Shell server'],
  ['[FAILED] Failed to mount data.mount - /data.', 'failed-unit', 'data.mount'],
  [
    '[   12.402158] systemd[1]: Failed to start ssh.service - OpenBSD Secure Shell server.',
    'failed-unit',
    'ssh.service',
  ],
  ['You are in emergency mode. After logging in, type "journalctl -xb" to view', 'emergency-shell', 'emergency mode'],
  ['Welcome to emergency mode!', 'emergency-shell', 'emergency mode'],
  ['Cannot open access to console, the root account is locked.', 'emergency-shell', 'the root account is locked'],
  ['[!!!!!!] Failed to mount API filesystems.', 'init-frozen', 'Failed to mount API filesystems'],
  ['[    2.410000] systemd[1]: Freezing execution.', 'init-frozen', ''],
  ['/dev/vda1: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.', 'fsck-failed', '/dev/vda1'],
  ['[   5.1] systemd-fsck[310]: /dev/vda2: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.', 'fsck-failed', '/dev/vda2'],
  [
    "[   18.301145] cloud-init[412]: Cloud-init v. 25.1.4 running 'init' at Tue, 12 Aug 2025 10:00:00 +0000. Up 18.29 seconds.",
    'cloud-init',
    "running 'init'",
  ],
  ["Cloud-init v. 22.4.2 running 'modules:final' at Tue, 12 Aug 2025", 'cloud-init', "running 'modules:final'"],
  [
    'Cloud-init v. 25.1.4 finished at Tue, 12 Aug 2025 10:00:20 +0000. Datasource DataSourceNoCloud [seed=/dev/vdb].  Up 38.1 seconds',
    'cloud-init',
    'finished at Tue, 12 Aug 2025 10:00:20 +0000. Datasource DataSourceNoCloud [seed=/dev/vdb].  Up 38.1 seconds',
  ],
]

const PROMPTS: readonly (readonly [line: string, kind: string, detail: string])[] = [
  ['debian login: ', 'login', 'debian'],
  ['my-host.example login:', 'login', 'my-host.example'],
  ['debian login: root (automatic login)', 'login', 'debian'],
  ['debian login: [   30.1] random: crng init done', 'login', 'debian'],
  ['grub> ', 'boot-loader-prompt', 'grub'],
  ['grub rescue> ', 'boot-loader-prompt', 'grub rescue'],
  ['Shell> ', 'uefi-shell', ''],
  ['FS0:\\> ', 'uefi-shell', ''],
  ['(initramfs) ', 'initramfs-shell', '(initramfs)'],
  ['dracut:/# ', 'initramfs-shell', 'dracut:/#'],
  ['switch_root:/# ', 'initramfs-shell', 'switch_root:/#'],
  ['Please unlock disk vda3_crypt: ', 'passphrase-prompt', 'vda3_crypt'],
  ['🔐 Please enter passphrase for disk luks-1 (rootfs): ', 'passphrase-prompt', 'luks-1 (rootfs)'],
  ['Enter passphrase for hd0,gpt2 (6fdbe41e1d0f4a4c): ', 'passphrase-prompt', 'hd0,gpt2 (6fdbe41e1d0f4a4c)'],
  ['Give root password for maintenance', 'emergency-shell', 'Give root password for maintenance'],
  ['Press Enter for maintenance', 'emergency-shell', 'Press Enter for maintenance'],
  [
    'Inode 1432 was part of the orphaned inode list.  Fix<y>? ',
    'fsck-prompt',
    'Inode 1432 was part of the orphaned inode list.  Fix',
  ],
]

const NO_SIGN: readonly string[] = [
  'we had a Kernel panic - not syncing: yesterday',
  'echo (initramfs) is what you see',
  'see https://example.org for grub> help',
  'message: No bootable device.',
  'Last login: Tue Aug 12 10:00:00 UTC 2025 on ttyS0',
  'please use your login: name',
  'ssh.service: [FAILED] Failed to start x',
  '[  OK  ] Started ssh.service - OpenBSD Secure Shell server.',
  '[   12.345678] myapp[99]: Kernel panic - not syncing: just kidding',
  '[    1.000000] usb 1-1: Product: No bootable device.',
  'cloud-init[1]: Please enter passphrase for disk x: ',
  'You are in a maze of twisty little passages',
]

describe('signOf', () => {
  it.each(ENDED)('reads the line %j as %s', (line, kind, detail) => {
    expect(signOf(line, true)).toEqual({ kind, line, detail })
  })

  it.each(PROMPTS)('reads the waiting line %j as %s', (line, kind, detail) => {
    expect(signOf(line, false)).toEqual({ kind, line, detail })
  })

  it.each(NO_SIGN)('finds no sign in %j', (line) => {
    expect(signOf(line, true)).toBeUndefined()
    expect(signOf(line, false)).toBeUndefined()
  })

  it('takes only prompts from a line that has not ended', () => {
    expect(signOf('[    1.482913] Kernel panic - not syncing: VF', false)).toBeUndefined()
  })
})

describe('SIGNS', () => {
  it('has a real line for every row', () => {
    const lines = [...ENDED, ...PROMPTS].map(([line]) => line.replace(/^\[ *[\d.]+\](\[ *T\d+\])? /, ''))

    const without = SIGNS.filter((row) => !lines.some((line) => new RegExp(`^(?:${row.pattern.source})`).test(line)))

    expect(without).toEqual([])
  })

  it('has a first look that lets every sign through', () => {
    expect([...ENDED, ...PROMPTS].map(([line]) => line).filter((line) => !mayBeSign(line))).toEqual([])
    expect(mayBeSign('some other text')).toBe(false)
  })
})

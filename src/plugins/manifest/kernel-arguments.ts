/** The name of a kernel argument: what is before the `=`. The kernel takes `-` and `_` for the same sign (parameq in kernel/params.c). */
export function nameOfArgument(word: string): string {
  return (word.split('=', 1)[0] ?? word).replaceAll('-', '_')
}

/** It can stand on a kernel command line that grub and a shell have read before. */
export function isKernelArgument(word: string): boolean {
  return ARGUMENT.test(word)
}

/**
 * Arguments that are taken as often as they stand there; of all others the last one counts.
 *
 * Source: the kernel's Documentation/admin-guide/kernel-parameters.txt; kernel-command-line(7) and systemd.service(7) of systemd;
 * dracut.cmdline(7); modprobe(8).
 */
export function mayStandTwice(name: string): boolean {
  return REPEATED.has(name.replace(/^rd\.(?=systemd\.)/, '')) || REPEATED_BELOW.some((start) => name.startsWith(start))
}

const ARGUMENT = /^(?!-)[A-Za-z0-9_.][^\s"'`\\;&|<>(){}*?[\]!#~$\u0000-\u001f\u007f]{0,255}$/
const REPEATED: ReadonlySet<string> = new Set([
  ...[
    'console',
    'earlycon',
    'memmap',
    'hugepagesz',
    'hugepages',
    'crashkernel',
    'ima_policy',
    'pci',
    'dyndbg',
    'video',
  ],
  ...['acpi_osi', 'cgroup_disable', 'efi', 'iommu', 'modprobe.blacklist'],
  ...['ip', 'nameserver', 'ifname', 'bond', 'bridge', 'vlan', 'team'],
  ...['systemd.mask', 'systemd.wants', 'systemd.setenv', 'systemd.set_credential', 'systemd.set_credential_binary'],
])
const REPEATED_BELOW = ['rd.luks.', 'rd.lvm.', 'rd.md.', 'rd.dm.', 'rd.driver.', 'rd.break', 'luks.']

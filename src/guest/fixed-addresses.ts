/**
 * For a guest under emulation: a systemd credential, handed over as an SMBIOS OEM string, with which systemd-sysctl turns the
 * randomisation of addresses off for this boot. Nothing of it stays in the image.
 *
 * QEMU keeps translated code by its address. At random addresses every new process is translated anew: starting one took 24 ms
 * in place of 7, update-initramfs 41 s in place of 17 (docs/decisions.md). Source: systemd.system-credentials(7), "sysctl.extra"
 * (systemd 252 and later); where that is not known, cloud-init/guest/boothook.sh does the same a little later.
 */
export const FIXED_ADDRESSES_OEM_STRING = 'io.systemd.credential:sysctl.extra=kernel.randomize_va_space=0'

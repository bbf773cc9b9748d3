/**
 * Features of a CPU that a guest under emulation is better off without; each has a name that QEMU and libvirt share.
 *
 * QEMU's most capable CPU (`max`) offers what is quick in silicon and slow in software: five levels of page tables make every
 * walk longer (la57), `rep movsb` is emulated byte by byte (erms: the kernel then clears and copies pages with it), two more
 * instructions that end a translated block stand around each of the kernel's accesses to user memory (smap), and writing the
 * protection keys flushes the software TLB (pku). Without them, smep and umip a boot with
 * update-initramfs took about 10 % less (docs/decisions.md). None belongs to x86-64-v3, which is what distributions ask for.
 */
export const SLOW_WHEN_EMULATED: readonly string[] = ['la57', 'erms', 'smap', 'pku']

/** Under emulation, as QEMU's `-cpu` takes it. */
export const EMULATED_QEMU_CPU = ['max', ...SLOW_WHEN_EMULATED.map((name) => `${name}=off`)].join(',')

import { readFileStart } from '../image/read-start.js'
import { CvmError } from '../model/errors.js'
import type { SettledLaunch } from '../model/launch.js'

/**
 * The kernel and the initrd that somebody names for a direct boot can be loaded. QEMU itself tells that only when all else is made,
 * and then it looks like a guest that crashed.
 *
 * @throws {CvmError} LAUNCH_INVALID with what is wrong with both of them.
 */
export async function assertKernelFiles({ wishes, origins }: SettledLaunch): Promise<void> {
  const wrong = [
    await whyUnusable(wishes.kernel, origins.kernel ?? 'the kernel', isKernel),
    await whyUnusable(wishes.initrd, origins.initrd ?? 'the initrd', () => true),
  ].filter((why) => why !== undefined)
  const [first, ...others] = wrong
  if (first === undefined) return
  const next = 'Give the vmlinuz and the initrd of one kernel; those of the image are taken with -b direct alone.'
  if (others.length === 0) throw new CvmError('LAUNCH_INVALID', first, { next })
  throw new CvmError('LAUNCH_INVALID', 'neither the kernel nor the initrd can be loaded', { next, lines: wrong })
}

async function whyUnusable(
  path: string | undefined,
  origin: string,
  fits: (head: Buffer) => boolean,
): Promise<string | undefined> {
  if (path === undefined) return undefined
  try {
    const { head } = await readFileStart(path)
    return fits(head)
      ? undefined
      : `${origin}: ${path} is not a kernel: it begins like neither a vmlinuz nor an ELF file`
  } catch (error) {
    if (!(error instanceof CvmError)) throw error
    return `${origin}: ${error.message}${error.why === undefined ? '' : ` (${error.why})`}`
  }
}

/** What QEMU or the guest's firmware can start. Source: QEMU, hw/i386/x86-common.c, x86_load_linux. */
function isKernel(head: Buffer): boolean {
  if (head.toString('latin1', HDRS_AT, HDRS_AT + 4) === 'HdrS') return true
  if (head.toString('latin1', 0, 4) === '\x7fELF' || head.toString('latin1', 0, 2) === 'MZ') return true
  return head.subarray(0, MULTIBOOT_BYTES).includes(MULTIBOOT_MAGIC)
}

/** Linux, Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". */
const HDRS_AT = 0x202
/** Multiboot Specification 0.6.96, section 3.1.1: 0x1BADB002, little-endian, in the first 8192 bytes. */
const MULTIBOOT_MAGIC = Buffer.of(0x02, 0xb0, 0xad, 0x1b)
const MULTIBOOT_BYTES = 8192

import { CvmError } from '../model/errors.js'

export interface DirectBootLine {
  /** The whole command line of a launch file; then nothing but `append` is added. */
  readonly cmdline?: string
  /** Value of root=: a device, or PARTUUID=…, UUID=…, LABEL=…. */
  readonly root: string | undefined
  /** The last one becomes /dev/console. */
  readonly consoles: readonly string[]
  readonly append?: string
}

/**
 * The kernel's command line of a direct boot.
 *
 * @throws {CvmError} LAUNCH_INVALID when the root is not known, or the line is longer than Linux takes.
 */
export function directBootLine({ cmdline, root, consoles, append }: DirectBootLine): string {
  const start = cmdline ?? ownLine(root, consoles)
  const line = [start, append ?? ''].filter((part) => part.trim() !== '').join(' ')
  if (/[\u0000-\u001f\u007f]/.test(line)) {
    throw new CvmError('LAUNCH_INVALID', 'the kernel command line has control characters in it')
  }
  if (Buffer.byteLength(line) < COMMAND_LINE_SIZE) return line
  throw new CvmError('LAUNCH_INVALID', 'the kernel command line is too long', {
    why: `it has ${Buffer.byteLength(line)} bytes, and Linux takes ${COMMAND_LINE_SIZE - 1}`,
  })
}

function ownLine(root: string | undefined, consoles: readonly string[]): string {
  if (root === undefined) {
    throw new CvmError('LAUNCH_INVALID', 'the root file system of the direct boot is not known', {
      why: 'the partition table lists no Linux file system',
      next: 'Name it with -r, for example -r /dev/vda1 or -r LABEL=root.',
    })
  }
  return [`root=${root}`, 'ro', ...consoles.map((name) => `console=${name}`)].join(' ')
}

/** With its ending NUL. Source: Linux, arch/x86/include/asm/setup.h, COMMAND_LINE_SIZE. */
const COMMAND_LINE_SIZE = 2048

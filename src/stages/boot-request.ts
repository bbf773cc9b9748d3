import type { ConsolePort } from '../guest/console-choice.js'
import type { ExpectationFinding } from '../model/expectation.js'
import type { Accelerator, Firmware } from '../model/image.js'
import type { LaunchConfig, QemuFlavour, SettledLaunch } from '../model/launch.js'
import type { BootVerdict, Milestone } from './boot-watch.js'

/** What somebody asks of a boot test. */
export interface BootTestRequest {
  readonly image: string
  /** Absent: 3 with KVM, 10 without. */
  readonly limitMin?: number | 'none'
  readonly accel: Accelerator | 'auto'
  /** Of flags and launch file, merged; what is absent is decided by the image and the machine. */
  readonly launch: SettledLaunch
  /** The kernel is started without the image's boot loader. Absent: only when `launch` names a kernel. */
  readonly directBoot?: DirectBootWish
  /** On 127.0.0.1, leads to the guest's port 22. Absent: a free one. */
  readonly sshPort?: number
  /** Absent: what the installed QEMU reports. */
  readonly qemuFlavour?: QemuFlavour
  /** QEMU's monitor for people is put there, a UNIX socket that does not exist yet. */
  readonly humanMonitor?: string
  /** As given with --expect: a file, or key=value. */
  readonly expectations: readonly string[]
  /** The TPM's event log and registers are put there. */
  readonly saveLogDir?: string
  /** All bytes of the guest's consoles are put there. */
  readonly consoleFile?: string
  /** Whoever asks writes the result there, which must be no other file of the test. */
  readonly junitFile?: string
  /** What `launch` was read from. */
  readonly launchFile?: string
  /** Failed units fail the test. */
  readonly strict: boolean
}

/** The parts of a direct boot's command line that are not in `launch`. */
export interface DirectBootWish {
  /** Value of root=. Absent: by the partition table. */
  readonly root?: string
  /** Added at the end. */
  readonly append?: string
  /** The last one is /dev/console in the guest. */
  readonly consoles: readonly ConsolePort[]
}

/** What --save-log has put into its directory. */
export interface SavedLog {
  readonly dir: string
  /** File names. */
  readonly files: readonly string[]
  /** Registers of the TPM that were read. */
  readonly registers: number
  /** Those whose value is not what the event log makes of it, such as "sha256:10"; the system measures into some itself. */
  readonly differing: readonly string[]
}

/** What a boot test saw. */
export interface BootTestResult {
  readonly verdict: BootVerdict
  readonly milestones: readonly Milestone[]
  readonly failedUnits: readonly string[]
  readonly outOfMemory: readonly string[]
  readonly restarts: number
  /** From the start of the machine to the verdict. */
  readonly seconds: number
  /** Absent: there was none. */
  readonly limitMin?: number
  readonly firmware: { readonly kind: Firmware; readonly why: string }
  readonly accel: Accelerator
  readonly accelWhy: string
  readonly memoryMiB: number
  readonly vcpus: number
  /** The machine that ran. */
  readonly launch: LaunchConfig
  /** What was expected of the guest (--expect), as far as it was seen. */
  readonly expectations?: readonly ExpectationFinding[]
  readonly savedLog?: SavedLog
  /** What could not be written of the files that were asked for, and why; it decides nothing. */
  readonly unsaved: readonly string[]
  /** The last console lines, printable. */
  readonly tail: readonly string[]
}

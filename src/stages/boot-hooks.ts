import type { ConsolePort } from '../guest/console-choice.js'
import type { Janitor } from '../host/janitor.js'
import type { Say } from '../model/events.js'
import type { Account } from '../model/host.js'
import type { Accelerator, DiskLayout } from '../model/image.js'
import type { BootTestResult } from './boot-request.js'
import type { BootVerdict } from './boot-watch.js'

/** Where the files of one boot test are: removed at its end whatever happens. */
export interface BootPlace {
  /** A short path, for UNIX sockets hold about 100 bytes; QEMU's account can enter it, and nobody list it. */
  readonly scratchDir: string
  /** The account that QEMU runs as; undefined: ours. */
  readonly account: Account | undefined
  /** Ends processes of the test when we are killed. */
  readonly janitor: Janitor
}

/** The throw-away disk that the guest will start from. */
export interface BootLayer {
  /** A qcow2 over the image; ours to change until the machine starts. */
  readonly path: string
  readonly layout: DiskLayout
  readonly accel: Accelerator
  readonly place: BootPlace
  readonly say: Say
  readonly signal: AbortSignal
}

/** Listens to a program in the guest, which speaks on /dev/virtio-ports/cvm.probe; pure but for its own memory. */
export interface BootProbe {
  /** The next bytes, cut anywhere. The guest is not trusted: bounded, checked. */
  take(chunk: Buffer): void
  /** The answer is complete: nothing more is waited for. Until then a good verdict is held open, up to the limit of time. */
  readonly answered: boolean
  /** What the answer makes of a guest that came up; `verdict.ok` holds. */
  judge(verdict: BootVerdict): BootVerdict
}

/** A TPM that runs; disposing of it ends it. */
export interface BootTpm extends AsyncDisposable {
  /** Its swtpm listens there. */
  readonly socketPath: string
}

/** A running machine's consoles, for who wants to type. */
export interface BootConsoles {
  write(console: ConsolePort, bytes: Uint8Array): void
}

/** A person at the guest's console: while they are there, no verdict ends the machine, nor does the limit of time. */
export interface BootSession {
  readonly over: boolean
  /** Shows them a line among the guest's own. */
  tell(text: string): void
  /** Called at most once, when they go. */
  onOver(act: () => void): void
}

/** What may be added to a boot test; each one is called once unless it says otherwise. */
export interface BootHooks {
  /** The layer is made, nothing runs yet. */
  readonly afterDiskPrepared?: (layer: BootLayer) => Promise<void>
  readonly probe?: BootProbe
  readonly session?: BootSession
  /** Called when the launch has a TPM. It is disposed of after the machine's end. */
  readonly startTpm?: (place: BootPlace) => Promise<BootTpm>
  /** All bytes as they come, before anything looks at them. */
  readonly onConsole?: (console: ConsolePort, chunk: Buffer) => void
  /** QEMU runs and the guest starts now. */
  readonly onStarted?: (consoles: BootConsoles) => void
  /** The machine and its TPM have ended, or never ran: called once whatever happens, also on an error or an interruption. */
  readonly close?: () => Promise<void>
  /** The test is judged, and everything closed; what is returned is the result. Not called when there is no verdict. */
  readonly afterVerdict?: (result: BootTestResult) => Promise<BootTestResult>
}

import type { ConsolePort } from '../guest/console-choice.js'
import type { Janitor } from '../host/janitor.js'
import type { Say } from '../model/events.js'
import type { Account } from '../model/host.js'
import type { Accelerator, DiskLayout } from '../model/image.js'
import type { BootTestRequest, BootTestResult } from './boot-request.js'
import type { BootVerdict } from './boot-watch.js'
import type { GuestProbe } from './expect/probe.js'

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
  /** The machine has ended and its TPM too, its files are still there. */
  readonly afterStop?: (place: BootPlace) => Promise<void>
  /** The test is judged; what is returned is the result. */
  readonly afterVerdict?: (result: BootTestResult) => Promise<BootTestResult>
}

/** What the request itself asks to be added. */
export async function hooksFor(request: BootTestRequest): Promise<BootHooks> {
  return bothHooks(await consoleHooks(request), await tpmAndProbeHooks(request))
}

async function consoleHooks({ consoleFile, image }: BootTestRequest): Promise<BootHooks> {
  if (consoleFile === undefined) return {}
  const { consoleFileHooks } = await import('./console-file.js')
  return await consoleFileHooks(consoleFile, image)
}

async function tpmAndProbeHooks(request: BootTestRequest): Promise<BootHooks> {
  const { expectations, saveLogDir, launch } = request
  const hasTpm = launch.wishes.tpm === true
  const tpm = hasTpm ? await tpmHooks() : {}
  const readsTpm = hasTpm && saveLogDir !== undefined
  if (expectations.length === 0 && !readsTpm) return bothHooks(tpm, await logHooks(saveLogDir, undefined))
  const { probeFor, probeHooks } = await import('./expect/probe-hooks.js')
  const probe = await probeFor(request, readsTpm)
  const logs = await logHooks(saveLogDir, probe)
  return bothHooks(tpm, probe === undefined ? logs : bothHooks(probeHooks(probe), logs))
}

async function tpmHooks(): Promise<BootHooks> {
  const { requireSwtpm, startBootTpm } = await import('./boot-tpm.js')
  // Missing programs are told before an image is copied.
  await requireSwtpm()
  return { startTpm: startBootTpm }
}

async function logHooks(dir: string | undefined, probe: GuestProbe | undefined): Promise<BootHooks> {
  if (dir === undefined) return {}
  const { saveLogHooks } = await import('./save-log.js')
  return saveLogHooks(dir, probe)
}

/** Both of them, the hooks of `first` first; of a probe, a session and a TPM there is one. */
export function bothHooks(first: BootHooks, second: BootHooks): BootHooks {
  const probe = first.probe ?? second.probe
  const session = first.session ?? second.session
  const startTpm = first.startTpm ?? second.startTpm
  return {
    ...(probe === undefined ? {} : { probe }),
    ...(session === undefined ? {} : { session }),
    ...(startTpm === undefined ? {} : { startTpm }),
    afterDiskPrepared: async (layer) => {
      await first.afterDiskPrepared?.(layer)
      await second.afterDiskPrepared?.(layer)
    },
    onConsole: (console, chunk) => {
      first.onConsole?.(console, chunk)
      second.onConsole?.(console, chunk)
    },
    onStarted: (consoles) => {
      first.onStarted?.(consoles)
      second.onStarted?.(consoles)
    },
    afterStop: async (place) => {
      await first.afterStop?.(place)
      await second.afterStop?.(place)
    },
    afterVerdict: async (result) => {
      const once = (await first.afterVerdict?.(result)) ?? result
      return (await second.afterVerdict?.(once)) ?? once
    },
  }
}

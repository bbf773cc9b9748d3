import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { ConsoleReader } from '../guest/console.js'
import { probeAccelerator } from '../host/accelerator.js'
import { canReach, unprivilegedAccount } from '../host/accounts.js'
import { startJanitor } from '../host/janitor.js'
import { makeScratch } from '../host/scratch.js'
import { assertUnchanged } from '../image/file-identity.js'
import { inspectInput } from '../image/inspect-input.js'
import { readDiskLayout } from '../image/read-layout.js'
import { readFileStart } from '../image/read-start.js'
import { CvmError } from '../model/errors.js'
import type { Say } from '../model/events.js'
import type { Account } from '../model/host.js'
import type { Accelerator, Firmware } from '../model/image.js'
import { qemuLastWords } from '../tools/qemu-system.js'
import { prepareDisk, prepareFirmware } from './boot-files.js'
import { startBootMachine } from './boot-machine.js'
import { memoryFor, vcpusFor } from './boot-test-size.js'
import { type BootVerdict, BootWatch, type Milestone } from './boot-watch.js'
import { assertStartable } from './startable.js'
import { requireTools } from './tools-needed.js'
import { Wake } from './wake.js'

export interface BootTestRequest {
  readonly image: string
  /** Absent: 3 with KVM, 10 without. */
  readonly limitMin?: number
  readonly accel: Accelerator | 'auto'
  readonly firmware: Firmware | 'auto'
  readonly memoryMiB?: number
  readonly vcpus?: number
  /** Failed units fail the test. */
  readonly strict: boolean
}

export interface BootTestResult {
  readonly verdict: BootVerdict
  readonly milestones: readonly Milestone[]
  readonly failedUnits: readonly string[]
  readonly outOfMemory: readonly string[]
  readonly restarts: number
  /** From the start of the machine to the verdict. */
  readonly seconds: number
  readonly limitMin: number
  readonly firmware: { readonly kind: Firmware; readonly why: string }
  readonly accel: Accelerator
  readonly accelWhy: string
  readonly memoryMiB: number
  readonly vcpus: number
  /** The last console lines, printable. */
  readonly tail: readonly string[]
}

/**
 * Boots an image on a throw-away layer with plain QEMU and judges what its console tells; the image is only read.
 *
 * A guest that does not come up is a result, not an error.
 *
 * @throws CvmError for what keeps the test from being made: codes of the image, the host, INPUT_CHANGED; or the reason of `signal`.
 */
export async function bootTest(request: BootTestRequest, say: Say, signal: AbortSignal): Promise<BootTestResult> {
  // A slip in the path is told before what is missing on the machine.
  await readFileStart(resolve(request.image))
  await requireTools(['qemu-img', 'qemu-system-x86_64'])
  const image = await inspectInput(request.image)
  for (const text of image.warnings) say({ type: 'warning', text })
  signal.throwIfAborted()

  const vcpus = vcpusFor(request.vcpus)
  const memoryMiB = memoryFor(request.memoryMiB)
  const janitor = startJanitor()
  try {
    const account = await unprivilegedAccount()
    // The account reaches its files in there by name; nobody can list it.
    await using scratch = await makeScratch(
      await scratchParent(account),
      'cvm-qemu-test',
      account === undefined ? 0o700 : 0o711,
    )
    janitor.watchPath(scratch.path)

    const layout = await readDiskLayout(image, scratch.path)
    const firmware = chooseKind(request.firmware, layout.hasEsp)
    assertStartable(firmware.kind, layout)
    const files = { scratchDir: scratch.path, account }
    const launchFirmware = await prepareFirmware(firmware.kind, files)
    const { accel, why: accelWhy } = await probeAccelerator(request.accel, account)
    signal.throwIfAborted()
    const disk = await prepareDisk(image, files, say)
    const limitMin = request.limitMin ?? DEFAULT_LIMIT_MIN[accel]
    say({ type: 'step', text: `firmware: ${firmware.kind} (${firmware.why}); ${ACCEL_WORDS[accel]} (${accelWhy})` })

    const seen = await watchBoot({
      machine: {
        config: {
          name: 'cvm-qemu-test',
          accel,
          tee: { kind: 'none' },
          vcpus,
          memoryMiB,
          hugepages: false,
          firmware: launchFirmware,
          disks: [disk],
          network: { kind: 'user', forwards: [] },
          tpm: false,
        },
        scratchDir: scratch.path,
        account,
        janitor,
      },
      limitMs: limitMin * 60_000,
      say,
      signal,
    })
    await assertUnchanged(image.path, image.identity)

    const { verdict, watch, tail, seconds } = seen
    return {
      verdict: request.strict ? strictVerdict(verdict, watch.failedUnits) : verdict,
      milestones: watch.milestones,
      failedUnits: watch.failedUnits,
      outOfMemory: watch.outOfMemory,
      restarts: watch.resets,
      seconds,
      limitMin,
      firmware,
      accel,
      accelWhy,
      memoryMiB,
      vcpus,
      tail,
    }
  } finally {
    await janitor.done()
  }
}

interface WatchInput {
  readonly machine: Omit<
    Parameters<typeof startBootMachine>[0],
    'onSerial' | 'onVirtioConsole' | 'onEvent' | 'onCommand'
  >
  readonly limitMs: number
  readonly say: Say
  readonly signal: AbortSignal
}

interface Watched {
  readonly verdict: BootVerdict
  readonly watch: BootWatch
  readonly tail: readonly string[]
  readonly seconds: number
}

/** Runs the machine until there is a verdict, and ends it. */
async function watchBoot({ machine, limitMs, say, signal }: WatchInput): Promise<Watched> {
  const watch = new BootWatch(PATIENCE[machine.config.accel])
  const consoles = [new ConsoleReader(), new ConsoleReader()] as const
  const bytes = [0, 0]
  let startedAt = performance.now()
  const now = () => performance.now() - startedAt
  const wake = new Wake()

  const read = (index: 0 | 1) => (chunk: Buffer) => {
    bytes[index] = (bytes[index] ?? 0) + chunk.length
    const known = watch.milestones.length
    for (const sign of consoles[index].feed(chunk)) watch.sign(sign, now())
    for (const { name, seconds, detail } of watch.milestones.slice(known)) {
      say({ type: 'step', text: `${name} after ${seconds.toFixed(1)} s${detail === '' ? '' : ` (${detail})`}` })
    }
    const lines = consoles[index].newLines(LINES_PER_EVENT)
    if (lines.length > 0) say({ type: 'console', lines })
    wake.up()
  }
  // The guest may speak on the serial port, the virtio console or both: the one with more to say is shown.
  const tail = () => ((bytes[1] ?? 0) > (bytes[0] ?? 0) ? consoles[1] : consoles[0]).lastLines(TAIL_LINES)

  await using running = await startBootMachine({
    ...machine,
    onSerial: read(0),
    onVirtioConsole: read(1),
    onEvent: ({ event, data }) => {
      if (event === 'RESET') watch.reset()
      else if (event === 'SHUTDOWN' && data['guest'] === true) watch.poweredOff(now())
      else if (event === 'BLOCK_IO_ERROR' && data['nospace'] === true) watch.fail(noSpace(machine.scratchDir))
      wake.up()
    },
    onCommand: (text) => say({ type: 'command', text }),
  })
  startedAt = performance.now()
  say({ type: 'guest-time', limitMs })
  let crash: CvmError | undefined
  running.ended.then(
    (result) => {
      crash = crashed(result.stderr, result.signal ?? `exit code ${result.exitCode}`)
      wake.up()
    },
    (error) => {
      crash = error instanceof CvmError ? error : crashed('', String(error))
      wake.up()
    },
  )
  const onAbort = () => wake.up()
  signal.addEventListener('abort', onAbort, { once: true })

  while (watch.verdict === undefined) {
    signal.throwIfAborted()
    watch.tick(now())
    if (watch.verdict !== undefined) break
    if (crash !== undefined) {
      watch.fail(crash)
      break
    }
    if (now() >= limitMs) {
      watch.fail(timedOut(limitMs, tail()))
      break
    }
    await wake.sleep(Math.min(limitMs, watch.settledAtMs ?? limitMs) - now())
  }
  signal.removeEventListener('abort', onAbort)
  return { verdict: watch.verdict ?? fallen(), watch, tail: tail(), seconds: Math.round(now() / 100) / 10 }
}

function chooseKind(asked: Firmware | 'auto', hasEsp: boolean): { kind: Firmware; why: string } {
  if (asked !== 'auto') return { kind: asked, why: 'as asked' }
  if (hasEsp) return { kind: 'uefi', why: 'the disk has an EFI system partition' }
  return { kind: 'bios', why: 'the disk has no EFI system partition' }
}

function strictVerdict(verdict: BootVerdict, failedUnits: readonly string[]): BootVerdict {
  if (!verdict.ok || failedUnits.length === 0) return verdict
  const message = `${failedUnits.length === 1 ? 'A unit' : `${failedUnits.length} units`} of the guest failed`
  return { ok: false, error: new CvmError('GUEST_UNITS_FAILED', message, { why: failedUnits.join(', ') }) }
}

function timedOut(limitMs: number, tail: readonly string[]): CvmError {
  const message = `The guest did not come up within ${limitMs / 60_000} min`
  const last = tail.at(-1)
  if (last !== undefined) return new CvmError('GUEST_TIMED_OUT', message, { why: `its last console line was: ${last}` })
  return new CvmError('GUEST_TIMED_OUT', message, {
    why: 'it printed nothing, neither on its serial port nor on a virtio console',
    next: 'If the guest only speaks to a screen, add console=ttyS0 to its kernel command line; else try the other --firmware.',
  })
}

function crashed(stderr: string, ending: string): CvmError {
  const words = qemuLastWords(stderr)
  return new CvmError('GUEST_CRASHED', `QEMU ended by itself (${ending})`, words === '' ? {} : { why: words })
}

function noSpace(dir: string): CvmError {
  return new CvmError('NO_SPACE', 'The throw-away layer of the disk ran out of room', {
    why: `no space is left in ${dir}`,
  })
}

function fallen(): never {
  throw new Error('the watch ended without a verdict')
}

/**
 * Where the scratch goes: TMPDIR, unless QEMU's account cannot enter it, or its path leaves no room for the names of
 * UNIX sockets (107 bytes in all).
 */
async function scratchParent(account: Account | undefined): Promise<string> {
  const places = [tmpdir(), '/var/tmp'].filter((place) => place.startsWith('/') && Buffer.byteLength(place) <= 60)
  for (const place of places) {
    if ((await canReach(place, 'rw')) && (await canReach(place, 'r', account))) return place
  }
  return '/tmp'
}

const ACCEL_WORDS: Readonly<Record<Accelerator, string>> = { kvm: 'with KVM', tcg: 'in emulation' }
const DEFAULT_LIMIT_MIN: Readonly<Record<Accelerator, number>> = { kvm: 3, tcg: 10 }
const TAIL_LINES = 20
const LINES_PER_EVENT = 50
/** Emulation is ten times slower: late failures and a late prompt get more time. */
const PATIENCE = {
  kvm: { afterLoginMs: 3_000, afterTargetMs: 10_000 },
  tcg: { afterLoginMs: 8_000, afterTargetMs: 30_000 },
} as const

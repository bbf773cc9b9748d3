import { type ConsoleSign, isDefaultTarget } from '../guest/console-signs.js'
import type { CvmError } from '../model/errors.js'
import { CvmError as Failure } from '../model/errors.js'
import type { GuestEvent } from '../model/guest-report.js'
import type { DomainEvent } from '../tools/virsh.js'
import {
  failureInReport,
  failureOfClosedSeal,
  failureOfHeldMachine,
  failureOfSilentCloudInit,
  failureOnConsole,
  type PartNames,
} from './guest-verdict.js'

/** Why a boot is over before the domain has stopped by itself. */
export type Ending =
  | { readonly kind: 'failed'; readonly error: CvmError }
  | { readonly kind: 'done' }
  /** The guest showed the seal of an earlier rewrite and has had the time to open it: it has to start anew. */
  | { readonly kind: 'seal opened' }

export interface WatchOptions {
  readonly strict: boolean
  /** An earlier start has opened the seal already; showing one again is a failure. */
  readonly sealOpened: boolean
}

/**
 * Judges a customising boot while it runs, from three sources: the guest's report, its console, and libvirt's events.
 *
 * Pure but for its memory: times come in as milliseconds since the start. The first ending stands.
 */
export class GuestWatch {
  readonly events: GuestEvent[] = []
  readonly #signs: ConsoleSign[] = []
  readonly #parts: PartNames
  readonly #options: WatchOptions
  #restarts = 0
  /** When the first sign came of a guest that is up; several are known, because the kernel may print into the middle of one. */
  #upAtMs: number | undefined
  #lastLine = ''
  #sealSeen = false
  /** The virtual machine stands still since then. */
  #heldAtMs: number | undefined
  ending: Ending | undefined
  /** libvirt's word for how the domain ended. */
  stoppedHow: string | undefined

  constructor(parts: PartNames, options: WatchOptions) {
    this.#parts = parts
    this.#options = options
  }

  report(event: GuestEvent): void {
    this.events.push(event)
    // A failing runcmd line is told before its part has ended: wait for the rest of the lines.
    if (event.event === 'runcmd-failed' || this.ending !== undefined) return
    const error = failureInReport(this.events, this.#parts, this.#options.strict)
    if (error !== undefined) this.ending = { kind: 'failed', error }
    else if (event.event === 'done') this.ending = { kind: 'done' }
  }

  /** The report has become longer than any honest one. */
  flooded(): void {
    this.#fail(new Failure('GUEST_REPORT_FLOODED', "the guest's report does not end"))
  }

  console(sign: ConsoleSign, atMs: number): void {
    this.#signs.push(sign)
    if (this.#signs.length > MAX_SIGNS) this.#signs.shift()
    this.#lastLine = sign.line
    if (sign.kind === 'login' || sign.kind === 'sealed' || isDefaultTarget(sign)) this.#upAtMs ??= atMs
    if (sign.kind === 'sealed') this.#sealSeen = true
    const error = failureOnConsole(sign)
    // Once the report says done, the console of a machine going down tells nothing new.
    if (error !== undefined) this.#fail(error)
  }

  domain(event: DomainEvent, atMs: number): void {
    if (event.kind === 'io-error') {
      const full = event.reason === 'enospc'
      this.#fail(
        full
          ? new Failure('NO_SPACE', "the host's disk is full: what the guest writes finds no room any more")
          : new Failure('IO_ERROR', `the guest's disk could not be written: ${event.reason}`),
      )
    }
    if (event.kind === 'lifecycle') this.#heldAtMs = HELD.has(event.state) ? atMs : undefined
    if (event.kind === 'lifecycle' && event.state === 'Stopped') this.stoppedHow = event.detail
    if (event.kind !== 'reboot') return
    this.#restarts += 1
    this.#upAtMs = undefined
    if (this.#restarts <= MAX_RESTARTS) return
    this.#fail(
      new Failure('GUEST_REBOOT_LOOP', `the guest restarted ${this.#restarts} times`, {
        why: this.#lastLine === '' ? 'its console was empty' : this.#lastLine,
      }),
    )
  }

  /** A guest is up after cloud-init's network stage, which starts our boothook: silence from then on has a reason. */
  tick(atMs: number): void {
    if (this.#heldAtMs !== undefined && atMs - this.#heldAtMs >= HELD_FOR_GOOD_MS) this.#fail(failureOfHeldMachine())
    if (this.events.length > 0 || this.#upAtMs === undefined) return
    const silentMs = atMs - this.#upAtMs
    if (this.#sealSeen && !this.#options.sealOpened) {
      if (silentMs >= UNSEALED_AFTER_MS) this.ending ??= { kind: 'seal opened' }
    } else if (silentMs >= SILENCE_AFTER_MS) {
      this.#fail(this.#sealSeen ? failureOfClosedSeal() : failureOfSilentCloudInit(this.#signs))
    }
  }

  #fail(error: CvmError): void {
    this.ending ??= { kind: 'failed', error }
  }
}

/** QEMU holds a machine whose CPU it cannot go on with (a KVM internal error), and libvirt calls that suspended. */
const HELD: ReadonlySet<string> = new Set(['Suspended', 'PMSuspended'])
/** A full disk comes with an event of its own, which has the better words; a person may suspend and resume. */
const HELD_FOR_GOOD_MS = 10_000
/** The removed file must have reached the disk: ext4 commits every 5 s. */
const UNSEALED_AFTER_MS = 8_000
const MAX_RESTARTS = 3
const MAX_SIGNS = 500
/** Under emulation a cloud-init that prints its first words only after the prompt was not seen later than a few seconds. */
const SILENCE_AFTER_MS = 20_000

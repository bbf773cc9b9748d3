import { type ConsoleSign, FATAL_SIGNS, isDefaultTarget, type SignKind } from '../guest/console-signs.js'
import type { ErrorCode } from '../model/error-table.js'
import { CvmError } from '../model/errors.js'

export type MilestoneName =
  | 'firmware'
  | 'boot loader'
  | 'kernel'
  | 'init'
  | 'default target'
  | 'login'
  | 'ssh banner'
  | 'cloud-init started'
  | 'cloud-init finished'

export interface Milestone {
  readonly name: MilestoneName
  /** Since the machine was started. */
  readonly seconds: number
  readonly detail: string
}

export type BootVerdict =
  | { readonly ok: true; readonly reached: 'login' | 'default target' }
  | { readonly ok: false; readonly error: CvmError }

/** How long to go on watching after a good sign, in ms. */
export interface Patience {
  /** After a login prompt: late units may still fail. */
  readonly afterLoginMs: number
  /** After the default target: a login prompt may follow. */
  readonly afterTargetMs: number
}

/**
 * Judges a boot from what its console and its machine tell, without clocks or processes of its own: times come in as
 * milliseconds since the machine was started. The first verdict stands, and what the console tells after it counts for nothing: a
 * person may be at it.
 */
export class BootWatch {
  readonly milestones: Milestone[] = []
  readonly #failedUnits = new Set<string>()
  readonly #outOfMemory = new Set<string>()
  readonly #patience: Patience
  #held: boolean
  #verdict: BootVerdict | undefined
  #loginMs: number | undefined
  #targetMs: number | undefined
  #resets = 0
  /** A boot loader or kernel was seen since the last reset. */
  #beyondFirmware = false
  #lastSign: ConsoleSign | undefined
  /** Told by the firmware; it may still find something else to start. */
  #refusal: ConsoleSign | undefined
  /** Told by the kernel, which goes on with what it could unpack; on some guests that is all there is. */
  #brokenInitrd: ConsoleSign | undefined

  /** `held`: no good verdict before `release`, or the end of the time. */
  constructor(patience: Patience, { held }: { readonly held: boolean } = { held: false }) {
    this.#patience = patience
    this.#held = held
  }

  get verdict(): BootVerdict | undefined {
    return this.#verdict
  }

  get failedUnits(): readonly string[] {
    return [...this.#failedUnits]
  }

  /** Programs that the guest's kernel killed for want of memory. */
  get outOfMemory(): readonly string[] {
    return [...this.#outOfMemory]
  }

  /** The guest's init runs, or what comes after it. */
  get initSeen(): boolean {
    return this.milestones.some(({ name }) => AFTER_KERNEL.has(name))
  }

  get resets(): number {
    return this.#resets
  }

  /** When the time comes to call `tick` again, or undefined while nothing good was seen or the verdict is held. */
  get settledAtMs(): number | undefined {
    return this.#held ? undefined : this.#settlesAtMs
  }

  get #settlesAtMs(): number | undefined {
    if (this.#loginMs !== undefined) return this.#loginMs + this.#patience.afterLoginMs
    return this.#targetMs === undefined ? undefined : this.#targetMs + this.#patience.afterTargetMs
  }

  sign(sign: ConsoleSign, atMs: number): void {
    if (this.#verdict !== undefined) return
    this.#lastSign = sign
    this.#note(sign, atMs)
    const code = FATAL_SIGNS[sign.kind]
    if (this.#refusal !== undefined && STARTED_NOTHING.has(sign.kind)) this.#failRefused(this.#refusal)
    else if (code !== undefined) this.#fail(code, WORDS[sign.kind] ?? 'The guest stopped', sign.line)
    else if (sign.kind === 'network-boot' && !this.#beyondFirmware) {
      this.#fail(
        'GUEST_NOT_BOOTABLE',
        'The firmware found nothing to start on the disk and tries the network',
        sign.line,
      )
    }
  }

  /** The guest's SSH server has said who it is; that it did is no verdict. */
  sshBanner(banner: string, atMs: number): void {
    this.milestones.push({ name: 'ssh banner', seconds: seconds(atMs), detail: banner })
  }

  reset(): void {
    if (this.#verdict !== undefined) return
    this.#resets += 1
    this.#beyondFirmware = false
    this.#refusal = undefined
    this.#brokenInitrd = undefined
    this.#loginMs = undefined
    this.#targetMs = undefined
    if (this.#resets <= MAX_RESETS) return
    this.#fail('GUEST_REBOOT_LOOP', `The guest restarted ${this.#resets} times without coming up`, this.#lastSign?.line)
  }

  /** A person leaves the machine: without a verdict yet, it is judged by what was seen until now. */
  left(atMs: number): void {
    if (this.#settlesAtMs !== undefined) this.#pass()
    const message = `The console was left after ${seconds(atMs)} s, before the guest was up`
    this.#fail('GUEST_LEFT_EARLY', message, this.#lastSign?.line)
  }

  /** The guest powered off, or its machine ended: too early, unless the verdict stands already. */
  poweredOff(atMs: number): void {
    const reached = this.#loginMs === undefined ? 'before it was up' : 'right after it was up'
    this.#fail(
      'GUEST_STOPPED_EARLY',
      `The guest powered off after ${seconds(atMs)} s, ${reached}`,
      this.#lastSign?.line,
    )
  }

  /** The guest powered off with a person at its console: when it was up, it is they who did it. */
  shutDown(atMs: number): void {
    if (this.#settlesAtMs !== undefined) this.#pass()
    this.poweredOff(atMs)
  }

  /** Gives the good verdict when nothing bad followed a good sign for long enough. */
  tick(atMs: number): void {
    const settled = this.settledAtMs
    if (settled !== undefined && atMs >= settled) this.#pass()
  }

  /** What a good verdict waited for is there. */
  release(): void {
    this.#held = false
  }

  /** The time is over: a guest that came up has done so, whatever the verdict waits for; any other fails with `error`. */
  endOfTime(error: CvmError): void {
    if (this.#verdict === undefined && this.#settlesAtMs !== undefined && this.#held) this.#pass()
    else if (this.#refusal !== undefined && !this.#beyondFirmware) this.#failRefused(this.#refusal)
    else this.fail(error)
  }

  fail(error: CvmError): void {
    this.#verdict ??= { ok: false, error }
  }

  #pass(): void {
    this.#verdict ??= { ok: true, reached: this.#loginMs === undefined ? 'default target' : 'login' }
  }

  #note(sign: ConsoleSign, atMs: number): void {
    if (BEYOND_FIRMWARE.has(sign.kind)) this.#beyondFirmware = true
    if (sign.kind === 'firmware-refused') this.#refusal ??= sign
    if (sign.kind === 'initrd-broken') this.#brokenInitrd ??= sign
    if (sign.kind === 'failed-unit') this.#add(this.#failedUnits, sign.detail)
    if (sign.kind === 'out-of-memory') this.#add(this.#outOfMemory, sign.detail)
    if (sign.kind === 'login') this.#loginMs ??= atMs
    const name = milestoneOf(sign)
    if (name === 'default target') this.#targetMs ??= atMs
    if (name === undefined || this.milestones.some((known) => known.name === name)) return
    this.milestones.push({ name, seconds: seconds(atMs), detail: milestoneDetail(sign) })
  }

  #add(names: Set<string>, name: string): void {
    if (names.size < MAX_NAMES) names.add(name)
  }

  #failRefused(refusal: ConsoleSign): void {
    const message = `The firmware refused to start ${refusal.detail}: it is not signed by anyone whom Secure Boot trusts`
    this.#fail('GUEST_BOOT_REFUSED', message, refusal.line)
  }

  #fail(code: ErrorCode, message: string, line: string | undefined): void {
    if (this.#verdict !== undefined) return
    if (this.#brokenInitrd !== undefined && NEED_AN_INITRD.has(code)) {
      const { line: words } = this.#brokenInitrd
      this.#verdict = {
        ok: false,
        error: new CvmError(code, "The guest's initrd is broken: its kernel could not unpack it", {
          why: `${words.trim()}; then: ${line?.trim() ?? message}`,
          next: 'Make it anew, or look whether somebody has changed it: nothing signs an initrd.',
        }),
      }
      return
    }
    const why = line === undefined ? undefined : `the last thing seen on its console: ${line.trim()}`
    this.#verdict = { ok: false, error: new CvmError(code, message, why === undefined ? {} : { why }) }
  }
}

function milestoneOf(sign: ConsoleSign): MilestoneName | undefined {
  if (sign.kind === 'target') return isDefaultTarget(sign) ? 'default target' : undefined
  if (sign.kind === 'cloud-init')
    return sign.detail.startsWith('finished') ? 'cloud-init finished' : 'cloud-init started'
  return MILESTONES[sign.kind]
}

/** Of cloud-init's last line only the data source matters: "finished at … Datasource DataSourceNoCloud [seed=/dev/vdb].  Up …". */
function milestoneDetail(sign: ConsoleSign): string {
  if (sign.kind !== 'cloud-init') return sign.detail
  return /Datasource (.+?)\.? +Up /.exec(sign.detail)?.[1] ?? sign.detail
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10
}

const MILESTONES: Readonly<Partial<Record<SignKind, MilestoneName>>> = {
  firmware: 'firmware',
  'boot-loader': 'boot loader',
  kernel: 'kernel',
  init: 'init',
  login: 'login',
}

const AFTER_KERNEL: ReadonlySet<MilestoneName> = new Set(['init', 'default target', 'login', 'cloud-init started'])

const WORDS: Readonly<Partial<Record<SignKind, string>>> = {
  panic: "The guest's kernel panicked",
  'init-frozen': "The guest's init gave up",
  'emergency-shell': 'The guest stopped in an emergency shell',
  'initramfs-shell': 'The guest stopped in the shell of its initrd',
  'fsck-prompt': 'The guest waits for an answer to a file system check',
  'boot-loader-prompt': 'The boot loader stopped at its prompt',
  'passphrase-prompt': 'The guest waits for the passphrase of an encrypted disk',
  'uefi-shell': 'The firmware found nothing to start and opened its own shell',
  'no-bootable-device': 'The firmware found nothing to start',
  halted: 'The guest halted',
  'shim-refused':
    'shim refused the boot loader: its signature is missing or broken, or is not by anyone whom shim or the firmware trusts',
  'boot-loader-refused':
    'The boot loader refused the kernel: its signature is missing or broken, or is not by anyone whom shim or the firmware trusts',
}

const BEYOND_FIRMWARE: ReadonlySet<SignKind> = new Set(['boot-loader', 'kernel', 'init', 'target', 'login'])

/** The firmware is at its end. */
const STARTED_NOTHING: ReadonlySet<SignKind> = new Set(['no-bootable-device', 'uefi-shell', 'network-boot'])

/** Where a guest ends that has half of its initrd. */
const NEED_AN_INITRD: ReadonlySet<ErrorCode> = new Set(['GUEST_PANICKED', 'GUEST_EMERGENCY_SHELL'])

/** A guest may restart once or twice on its way (a new kernel, IMA); more is a loop. */
const MAX_RESETS = 3
const MAX_NAMES = 100

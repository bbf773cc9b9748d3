import { printable } from '../guest/printable.js'
import type { RunEvent, Say } from '../model/events.js'
import type { RewritePlan } from '../model/rewrite.js'
import { colourStderr } from './colours.js'

export interface ProgressOptions {
  readonly quiet: boolean
  readonly verbose: boolean
  /** Show the guest's console. */
  readonly console: boolean
}

/**
 * Progress on stderr: one plain line an event; on a terminal also a live block with the time and the guest's last lines.
 */
export class Progress {
  readonly #options: ProgressOptions
  readonly #live: boolean
  readonly #startedAt = performance.now()
  #guestStartedAt: number | undefined
  #guestLimitMs = 0
  #stage = ''
  #shownLines = 0
  #consoleLines: readonly string[] = []
  #drawnAt = 0

  constructor(options: ProgressOptions) {
    this.#options = options
    this.#live = process.stderr.isTTY === true && process.env['TERM'] !== 'dumb' && !options.quiet
  }

  readonly say: Say = (event) => {
    if (event.type === 'console') {
      this.#consoleLines = event.lines
      this.#draw()
      return
    }
    if (event.type === 'guest-time') {
      this.#guestStartedAt = performance.now()
      this.#guestLimitMs = event.limitMs
    }
    if (event.type === 'stage') this.#stage = `[${event.number}/3 ${event.stage}]`
    const text = this.#textOf(event)
    if (text !== undefined) this.line(text)
  }

  /** What is about to happen, before it does. */
  plan(plan: RewritePlan): void {
    if (this.#options.quiet) return
    const { machine } = plan
    const running = plan.plugins.filter((plugin) => plugin.skipped === undefined).map((plugin) => plugin.name)
    this.line(`${colourStderr.bold('cvm-rewrite')} ${printable(plan.input.path)} → ${printable(plan.output)}`)
    this.line(`  plugins: ${running.join(', ') || 'none'}`)
    this.line(
      `  guest:   ${machine.vcpus} CPUs, ${machine.memoryMiB} MiB, ${machine.firmware.kind.toUpperCase()}, at most ${plan.guestTimeMin} min (${plan.guestTimeWhy})`,
    )
    if (machine.accel === 'tcg')
      this.line(
        `  ${colourStderr.yellow('no KVM')}:  ${machine.accelWhy}; emulation is used, which takes 10 to 20 times as long`,
      )
    for (const text of plan.input.warnings)
      this.line(`  ${colourStderr.yellow('warning')}: the image: ${printable(text)}`)
    const notes = plan.notes.filter((note) => !plan.input.warnings.includes(note))
    if (this.#options.verbose) for (const note of notes) this.line(`  note: ${printable(note)}`)
    else if (notes.length > 0)
      this.line(`  notes:   ${notes.length} about plugins (-v shows them; they are in the report)`)
  }

  /** One line that stays. */
  line(text: string): void {
    this.#erase()
    process.stderr.write(`${text}\n`)
    this.#draw()
  }

  /** Nothing live is left on the screen. */
  end(): void {
    this.#erase()
    this.#guestStartedAt = undefined
    this.#consoleLines = []
  }

  #textOf(event: RunEvent): string | undefined {
    if (event.type === 'warning') return `${colourStderr.yellow('warning')} ${printable(event.text)}`
    if (this.#options.quiet) return undefined
    const at = colourStderr.dim(clock(performance.now() - this.#startedAt))
    switch (event.type) {
      case 'stage':
        return `${at} ${colourStderr.bold(this.#stage)} ${event.text}`
      case 'step':
      case 'note':
        return `${at}   ${printable(event.text)}`
      case 'plugin':
        return `${at}   ${pluginText(event)}`
      case 'guest':
        return event.text === '' ? undefined : `${at}   guest: ${printable(event.text)}`
      case 'command':
        return this.#options.verbose ? `${at}   ${colourStderr.dim(printable(event.text, LONGEST_COMMAND))}` : undefined
      default:
        return undefined
    }
  }

  /** The live block: time used and left, then the guest's last lines. */
  #draw(): void {
    const startedAt = this.#guestStartedAt
    if (!this.#live || startedAt === undefined) return
    const now = performance.now()
    if (now - this.#drawnAt < REDRAW_MS && this.#shownLines > 0) return
    this.#drawnAt = now
    const width = (process.stderr.columns ?? 80) - 1
    const used = now - startedAt
    const head = `${this.#stage} ${clock(used)} of ${clock(this.#guestLimitMs)}, ${clock(Math.max(0, this.#guestLimitMs - used))} left`
    const lines = [head, ...(this.#options.console ? this.#consoleLines.map((line) => `  | ${line}`) : [])].map(
      (line) => [...line].slice(0, width).join(''),
    )
    this.#erase()
    process.stderr.write(
      lines.map((line, index) => `${index === 0 ? colourStderr.cyan(line) : colourStderr.dim(line)}\n`).join(''),
    )
    this.#shownLines = lines.length
  }

  #erase(): void {
    if (this.#shownLines === 0) return
    // Up that many lines, then clear to the end of the screen (ECMA-48: CPL, ED).
    process.stderr.write(`\u001b[${this.#shownLines}F\u001b[0J`)
    this.#shownLines = 0
    this.#drawnAt = 0
  }
}

function pluginText(event: Extract<RunEvent, { type: 'plugin' }>): string {
  const text = printable(event.text)
  if (event.state === 'skipped') return `${event.plugin} skipped: ${text}`
  if (event.state === 'runs') return `${event.plugin}: ${text} …`
  return `${event.plugin}: ${text || 'done'}`
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
}

const REDRAW_MS = 250
const LONGEST_COMMAND = 100_000

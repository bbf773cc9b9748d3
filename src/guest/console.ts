import { type ConsoleSign, mayBeSign, signOf } from './console-signs.js'
import { printable } from './printable.js'

/**
 * Reads a guest's console as it comes: keeps the last lines, and finds the signs of how far the guest got.
 *
 * Memory is bounded whatever the guest sends (lines are cut at 4 KiB, 200 lines are kept), and a flood costs little per
 * byte: lines stay Latin-1 strings of their bytes, and are decoded only when they are shown or may be a sign.
 */
export class ConsoleReader {
  readonly #line = Buffer.alloc(MAX_LINE_BYTES)
  #length = 0
  #dropped = 0
  /** A carriage return came: what is printed next overwrites the line. */
  #returned = false
  #state: State = 'text'
  #sequenceBytes = 0
  readonly #ring: string[] = []
  #ringAt = 0
  /** Lines kept since the last call of newLines. */
  #fresh = 0
  /** The sign already told for the line that has not ended yet. */
  #told: ConsoleSign['kind'] | undefined
  #signs: ConsoleSign[] = []

  /** Takes the next bytes, cut anywhere; returns the signs that they complete, in order. */
  feed(chunk: Uint8Array): readonly ConsoleSign[] {
    let at = 0
    while (at < chunk.length) {
      if (this.#state === 'text') {
        const end = endOfPlainText(chunk, at)
        if (end > at) this.#append(chunk, at, end)
        else this.#control(chunk[at] ?? 0)
        at = Math.max(end, at + 1)
      } else {
        this.#inSequence(chunk[at] ?? 0)
        at += 1
      }
    }
    this.#lookForPrompt()
    const signs = this.#signs
    if (signs.length > 0) this.#signs = []
    return signs
  }

  /** The last lines that have something in them, oldest first, printable; a line that has not ended is the last one. */
  lastLines(count: number): readonly string[] {
    const ended = [...this.#ring.slice(this.#ringAt), ...this.#ring.slice(0, this.#ringAt)].map(shown)
    const current = this.currentLine()
    const all = current === '' ? ended : [...ended, current]
    return all.filter((line) => line !== '').slice(-Math.max(0, count) || all.length)
  }

  /** The lines that have ended since the last call, oldest first, printable; of many only the last `count`. */
  newLines(count: number): readonly string[] {
    const fresh = Math.min(this.#fresh, count, this.#ring.length)
    this.#fresh = 0
    if (fresh <= 0) return []
    const ended = [...this.#ring.slice(this.#ringAt), ...this.#ring.slice(0, this.#ringAt)]
    return ended
      .slice(-fresh)
      .map(shown)
      .filter((line) => line !== '')
  }

  /** The line that has not ended yet, printable; empty when there is none. */
  currentLine(): string {
    return shown(this.#raw())
  }

  #append(chunk: Uint8Array, from: number, to: number): void {
    if (this.#returned) this.#overwrite()
    const taken = Math.min(to - from, MAX_LINE_BYTES - this.#length)
    if (taken === 1) this.#line[this.#length] = chunk[from] ?? 0
    else if (taken > 0) this.#line.set(chunk.subarray(from, from + taken), this.#length)
    this.#length += taken
    this.#dropped += to - from - taken
  }

  #control(byte: number): void {
    if (byte === LF) this.#endLine()
    else if (byte === CR) this.#returned = this.#length > 0
    else if (byte === TAB) this.#append(SPACE, 0, 1)
    else if (byte === ESC) this.#enter('escape')
    // NUL, BEL, BS and the rest have nothing to say.
  }

  #enter(state: State): void {
    this.#state = state
    this.#sequenceBytes = 0
  }

  /** Terminal sequences (ECMA-48) may be cut between chunks anywhere, so they are followed byte by byte. */
  #inSequence(byte: number): void {
    this.#sequenceBytes += 1
    if (byte === LF || this.#sequenceBytes > MAX_SEQUENCE_BYTES) {
      // Nobody hides the rest of the console behind a sequence that never ends.
      this.#state = 'text'
      if (byte === LF) this.#endLine()
      return
    }
    if (this.#state === 'escape') this.#afterEscape(byte)
    else if (this.#state === 'csi') this.#inCsi(byte)
    else if (byte === BEL) this.#state = 'text'
    else if (byte === ESC) this.#state = 'string-escape'
    else if (this.#state === 'string-escape') this.#afterEscape(byte)
  }

  #afterEscape(byte: number): void {
    if (byte === 0x5b) this.#enter('csi')
    else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) this.#enter('string')
    else if (byte === ESC) this.#enter('escape')
    else if (byte >= 0x20 && byte <= 0x2f) this.#state = 'escape'
    else {
      this.#state = 'text'
      if (byte < 0x20) this.#control(byte)
      else if (byte === RESET_TERMINAL) this.#endLine()
    }
  }

  #inCsi(byte: number): void {
    if (byte === ESC) this.#enter('escape')
    else if (byte < 0x20) this.#control(byte)
    else if (byte >= 0x40) {
      this.#state = 'text'
      // Firmware and grub move the cursor where others print a line end.
      if (MOVES_TO_ANOTHER_LINE.has(byte)) this.#endLine()
    }
  }

  #overwrite(): void {
    this.#look(this.#raw())
    this.#clear()
  }

  #endLine(): void {
    if (this.#length > 0) {
      const raw = this.#raw()
      this.#look(raw)
      this.#keep(raw)
    }
    this.#clear()
  }

  #clear(): void {
    this.#length = 0
    this.#dropped = 0
    this.#returned = false
    this.#told = undefined
  }

  #keep(raw: string): void {
    if (BLANK.test(raw)) return
    this.#fresh += 1
    if (this.#ring.length < KEPT_LINES) this.#ring.push(raw)
    else {
      this.#ring[this.#ringAt] = raw
      this.#ringAt = (this.#ringAt + 1) % KEPT_LINES
    }
  }

  #look(raw: string): void {
    if (this.#signs.length >= MAX_SIGNS_PER_CHUNK || !mayBeSign(raw)) return
    const sign = signOf(shown(raw), true)
    if (sign !== undefined && sign.kind !== this.#told) this.#signs.push(sign)
  }

  #lookForPrompt(): void {
    if (this.#told !== undefined || this.#length === 0 || this.#length > MAX_PROMPT_BYTES || this.#state !== 'text')
      return
    const raw = this.#raw()
    if (!mayBeSign(raw)) return
    const sign = signOf(shown(raw), false)
    if (sign === undefined) return
    this.#told = sign.kind
    this.#signs.push(sign)
  }

  #raw(): string {
    const text = this.#line.toString('latin1', 0, this.#length)
    return this.#dropped === 0 ? text : `${text}... (+${this.#dropped} bytes)`
  }
}

type State = 'text' | 'escape' | 'csi' | 'string' | 'string-escape'

function shown(raw: string): string {
  return printable(Buffer.from(raw, 'latin1').toString('utf8'))
}

function endOfPlainText(chunk: Uint8Array, from: number): number {
  let at = from
  while (at < chunk.length && (chunk[at] ?? 0) >= 0x20) at += 1
  return at
}

const MAX_LINE_BYTES = 4096
const KEPT_LINES = 200
const MAX_PROMPT_BYTES = 256
const MAX_SEQUENCE_BYTES = 1024
/** A guest that prints nothing but signs must not fill our memory. */
const MAX_SIGNS_PER_CHUNK = 1000
const BLANK = /^\s*$/

const BEL = 0x07
const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const ESC = 0x1b
const RESET_TERMINAL = 0x63
const SPACE = Uint8Array.of(0x20)

/** CSI final bytes: A B E F (up, down), H f (position), d (row), J (erase display), r (scroll region). */
const MOVES_TO_ANOTHER_LINE: ReadonlySet<number> = new Set([...'ABEFHfdJr'].map((letter) => letter.charCodeAt(0)))

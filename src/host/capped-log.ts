import { closeSync } from 'node:fs'
import { TailBuffer } from './tail-buffer.js'
import { openTarget, type WriteTarget, writeAll } from './write-target.js'

/**
 * A log file that a flood cannot fill the disk with: the head is written as it comes, the tail is kept in memory and
 * written at the end, and one line between the two says how many bytes were left out.
 *
 * A log that cannot be written never fails the run; `failure` then says why it is incomplete.
 */
export class CappedLog {
  readonly #headBytes: number
  readonly #tail: TailBuffer
  #opened: ReturnType<typeof openTarget> | undefined
  #written = 0
  #failure: unknown

  /** The file is made anew, readable by its owner only; writes are plain synchronous ones, so a crash loses no head. */
  constructor(input: { readonly target: WriteTarget; readonly headBytes: number; readonly tailBytes: number }) {
    this.#headBytes = input.headBytes
    this.#tail = new TailBuffer(input.tailBytes)
    this.#guarded(() => {
      this.#opened = openTarget(input.target)
    })
  }

  get failure(): unknown {
    return this.#failure
  }

  write(chunk: Uint8Array): void {
    const room = Math.max(0, this.#headBytes - this.#written)
    if (room > 0) this.#put(chunk.subarray(0, room))
    if (chunk.length > room) this.#tail.append(chunk.subarray(room))
    this.#written += chunk.length
  }

  end(): void {
    const opened = this.#opened
    if (opened === undefined) return
    const left = this.#tail.droppedBytes
    if (left > 0) this.#put(Buffer.from(`\n[${left} bytes are left out here: the log is capped]\n`))
    this.#put(this.#tail.bytes())
    this.#opened = undefined
    if (opened.close) this.#guarded(() => closeSync(opened.fd))
  }

  #put(bytes: Uint8Array): void {
    const opened = this.#opened
    if (opened === undefined || this.#failure !== undefined) return
    this.#guarded(() => writeAll(opened.fd, bytes))
  }

  #guarded(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#failure ??= error
    }
  }
}

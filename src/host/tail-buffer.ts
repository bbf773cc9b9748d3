/** Keeps the last bytes of a stream in bounded memory: at most twice the limit, and little while little was printed. */
export class TailBuffer {
  readonly #limitBytes: number
  #bytes = Buffer.alloc(0)
  #used = 0
  #seen = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  append(chunk: Uint8Array): void {
    this.#seen += chunk.length
    const part = chunk.length > this.#limitBytes ? chunk.subarray(chunk.length - this.#limitBytes) : chunk
    if (this.#used + part.length > this.#limitBytes * 2) this.#compact()
    this.#grow(this.#used + part.length)
    this.#bytes.set(part, this.#used)
    this.#used += part.length
  }

  get seenBytes(): number {
    return this.#seen
  }

  /** Bytes that were appended and are no longer kept. */
  get droppedBytes(): number {
    return this.#seen - Math.min(this.#used, this.#limitBytes)
  }

  bytes(): Buffer {
    return this.#bytes.subarray(Math.max(0, this.#used - this.#limitBytes), this.#used)
  }

  /** The kept bytes as UTF-8, starting at a whole character. */
  text(): string {
    const bytes = this.bytes()
    if (this.droppedBytes === 0) return bytes.toString('utf8')
    let start = 0
    // Continuation bytes look like 10xxxxxx; a character has at most three of them.
    while (start < Math.min(3, bytes.length) && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1
    return bytes.subarray(start).toString('utf8')
  }

  #compact(): void {
    const kept = Math.min(this.#used, this.#limitBytes)
    this.#bytes.copyWithin(0, this.#used - kept, this.#used)
    this.#used = kept
  }

  #grow(needed: number): void {
    if (needed <= this.#bytes.length) return
    const larger = Buffer.alloc(Math.min(this.#limitBytes * 2, Math.max(needed, this.#bytes.length * 2, 4096)))
    this.#bytes.copy(larger, 0, 0, this.#used)
    this.#bytes = larger
  }
}

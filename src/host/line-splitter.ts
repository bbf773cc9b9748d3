import { StringDecoder } from 'node:string_decoder'

/** Cuts a byte stream into lines and hands each one on; a line without an end is cut at 64 KiB. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  readonly #decoder = new StringDecoder('utf8')
  #open = ''

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  feed(chunk: Buffer): void {
    const lines = (this.#open + this.#decoder.write(chunk)).split('\n')
    this.#open = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    while (this.#open.length > LONGEST_LINE) {
      this.#onLine(this.#open.slice(0, LONGEST_LINE))
      this.#open = this.#open.slice(LONGEST_LINE)
    }
  }

  end(): void {
    const last = this.#open + this.#decoder.end()
    this.#open = ''
    if (last !== '') this.#onLine(last)
  }
}

const LONGEST_LINE = 65_536

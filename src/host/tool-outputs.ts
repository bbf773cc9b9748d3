import type { ChildProcess } from 'node:child_process'
import { CappedLog } from './capped-log.js'
import { LineSplitter } from './line-splitter.js'
import { TailBuffer } from './tail-buffer.js'

/** What is done with the output of a program. */
export interface OutputOptions {
  /** Gets all that the program prints, up to the cap. */
  readonly logFile?: string
  /** Default 16 MiB: the head is kept, then a line says how much was left out. */
  readonly logCapBytes?: number
  /** How much of stdout the result carries, its last bytes. Default 1 MiB; of stderr always 64 KiB. */
  readonly captureBytes?: number
  /** Called for each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void
}

/** What we use of a running child; execa's own type says more than we need. */
export type Child = Pick<ChildProcess, 'once' | 'stdout' | 'stderr'>

/** What a program prints, kept within bounds however much it is. */
export class ToolOutputs {
  readonly stdout: TailBuffer
  readonly stderr = new TailBuffer(STDERR_BYTES)
  readonly #log: CappedLog | undefined
  readonly #splitters: LineSplitter[] = []
  readonly #onLine: ((line: string) => void) | undefined
  #onFailure: (error: unknown) => void = () => {}

  constructor(options: OutputOptions) {
    this.stdout = new TailBuffer(options.captureBytes ?? STDOUT_BYTES)
    this.#onLine = options.onLine
    if (options.logFile !== undefined) {
      const headBytes = options.logCapBytes ?? LOG_CAP_BYTES
      this.#log = new CappedLog({ target: { kind: 'file', path: options.logFile }, headBytes, tailBytes: 0 })
    }
  }

  get bytesSeen(): number {
    return this.stdout.seenBytes + this.stderr.seenBytes
  }

  read(child: Child, onFailure: (error: unknown) => void): void {
    this.#onFailure = onFailure
    this.#readStream(child.stdout, this.stdout)
    this.#readStream(child.stderr, this.stderr)
  }

  end(): void {
    for (const splitter of this.#splitters.splice(0)) this.#guarded(() => splitter.end())
    this.#log?.end()
  }

  #readStream(stream: NodeJS.ReadableStream | null, tail: TailBuffer): void {
    const splitter = this.#onLine && new LineSplitter(this.#onLine)
    if (splitter) this.#splitters.push(splitter)
    stream?.on('error', () => {})
    stream?.on('data', (chunk: Buffer) => {
      tail.append(chunk)
      this.#log?.write(chunk)
      if (splitter) this.#guarded(() => splitter.feed(chunk))
    })
  }

  /** An error of the caller's line handler ends the program and is thrown by runTool. */
  #guarded(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#onFailure(error)
    }
  }
}

const STDOUT_BYTES = 1024 * 1024
const STDERR_BYTES = 64 * 1024
const LOG_CAP_BYTES = 16 * 1024 * 1024

import type { ReadStream, WriteStream } from 'node:tty'
import { ConsoleReader } from '../guest/console.js'
import { ConsoleChoice, type ConsolePort } from '../guest/console-choice.js'
import { prepareTerminal, type Terminal } from '../host/terminal.js'
import { CvmError } from '../model/errors.js'
import type { BootConsoles, BootHooks } from '../stages/boot-hooks.js'
import { readKeys } from './leaving-key.js'

/** A person's terminal as the guest's console; disposing of it gives the terminal back. */
export interface Interactive extends Disposable {
  readonly hooks: BootHooks
  /** The terminal belongs to the guest: whoever has something to say waits. */
  readonly lent: boolean
}

/**
 * Lends the terminal to the guest from its start until Ctrl-] is pressed or the machine ends.
 *
 * @throws {CvmError} USAGE when the program has no terminal.
 */
export function interactive(stdin: ReadStream, stdout: WriteStream): Interactive {
  if (!stdin.isTTY || !stdout.isTTY) {
    throw new CvmError('USAGE', '--interactive needs a terminal', {
      why: `${stdin.isTTY ? 'its output' : 'its input'} is a file or a pipe`,
      next: 'Run it in a terminal, or leave --interactive out; --verbose shows the console.',
    })
  }
  return new Session(stdin, stdout)
}

class Session implements Interactive {
  readonly hooks: BootHooks
  readonly #stdout: WriteStream
  readonly #choice = new ConsoleChoice()
  readonly #readers: Readonly<Record<ConsolePort, ConsoleReader>> = {
    ttyS0: new ConsoleReader(),
    hvc0: new ConsoleReader(),
  }
  /** What came before the terminal was ours. */
  readonly #early: Buffer[] = []
  #takeOver: ((onKeys: (bytes: Buffer) => void) => Terminal) | undefined
  #terminal: Terminal | undefined
  #over = false
  #onOver: () => void = () => {}

  constructor(stdin: ReadStream, stdout: WriteStream) {
    this.#stdout = stdout
    const session = this
    this.hooks = {
      session: {
        get over() {
          return session.#over
        },
        tell: (text) => session.#terminal?.show(Buffer.from(`\r\n(${text})\r\n`)),
        onOver: (act) => {
          session.#onOver = act
        },
      },
      afterDiskPrepared: async ({ place }) => {
        session.#takeOver = await prepareTerminal({ stdin, stdout, janitor: place.janitor })
      },
      onStarted: (consoles) => session.#start(consoles),
      onConsole: (port, chunk) => session.#show(port, chunk),
      close: async () => session[Symbol.dispose](),
    }
  }

  get lent(): boolean {
    return this.#terminal !== undefined
  }

  [Symbol.dispose](): void {
    this.#terminal?.[Symbol.dispose]()
    this.#terminal = undefined
  }

  #start(consoles: BootConsoles): void {
    const { columns, rows } = this.#stdout
    // A serial line tells the guest nothing of the terminal behind it.
    const size = columns > 0 ? ` For full-screen programs type in the guest: stty cols ${columns} rows ${rows}` : ''
    this.#stdout.write(`\nCtrl-] leaves.${size}\n\n`)
    this.#terminal = this.#takeOver?.((bytes) => {
      const { typed, leaves } = readKeys(bytes)
      if (typed.length > 0) consoles.write(this.#choice.shown, typed)
      if (leaves) this.#leave()
    })
    for (const chunk of this.#early.splice(0)) this.#terminal?.show(chunk)
  }

  #show(port: ConsolePort, chunk: Buffer): void {
    const prompts = this.#readers[port].feed(chunk).filter(({ kind }) => kind === 'login')
    const changed = prompts.length > 0 && this.#choice.prompt(port)
    if (port !== this.#choice.shown) return
    if (this.#terminal === undefined) {
      if (!this.#over) this.#early.push(chunk)
      return
    }
    if (changed)
      this.#terminal.show(Buffer.from(`\r\n(the guest asks for a login on ${port}: this is ${port} now)\r\n`))
    this.#terminal.show(chunk)
  }

  #leave(): void {
    this.#over = true
    this[Symbol.dispose]()
    this.#onOver()
  }
}

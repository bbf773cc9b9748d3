import { once } from 'node:events'
import { chmod, chown } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import type { Account } from '../model/host.js'
import { CappedLog } from './capped-log.js'

/** Our end of a guest's serial port. */
export interface SerialPort extends AsyncDisposable {
  readonly socketPath: string
  readonly bytesSeen: number
  /** Types into the port; lost while QEMU is not there. */
  send(bytes: Uint8Array): void
  /** Resolves when QEMU has closed its end, or the port is disposed of; rejects when `onBytes` threw. */
  readonly closed: Promise<void>
}

export interface SerialPortInput {
  /** At most 107 bytes: the kernel's limit for a UNIX socket. */
  readonly socketPath: string
  /** Keeps the first half of the cap and the last half, and names the gap. */
  readonly logFile?: string
  readonly logCapBytes: number
  readonly onBytes: (chunk: Buffer) => void
  /** Who QEMU runs as; the socket is made that account's. */
  readonly as?: Account
  /** QEMU runs as an account that we do not know (a libvirt of the system): then only the directory's name keeps others out. */
  readonly anyAccount?: boolean
}

/**
 * Waits for QEMU to connect a serial port to us.
 *
 * We listen and QEMU connects, so we see the first byte already. Bytes are handled one chunk after the other, so a guest
 * that floods the port is slowed down to our pace instead of filling our memory.
 */
export async function listenSerialPort(input: SerialPortInput): Promise<SerialPort> {
  if (Buffer.byteLength(input.socketPath) > LONGEST_SOCKET_PATH) {
    throw new Error(`the socket path is longer than ${LONGEST_SOCKET_PATH} bytes: ${input.socketPath}`)
  }
  const server = createServer()
  await listenOn(server, input)
  return new Port(server, input)
}

async function listenOn(server: Server, { socketPath, as, anyAccount }: SerialPortInput): Promise<void> {
  server.listen(socketPath)
  await once(server, 'listening')
  await chmod(socketPath, anyAccount === true ? 0o666 : 0o600)
  if (as && process.getuid?.() === 0) await chown(socketPath, as.uid, as.gid)
}

class Port implements SerialPort {
  readonly socketPath: string
  readonly closed: Promise<void>
  readonly #server: Server
  readonly #log: CappedLog | undefined
  readonly #onBytes: (chunk: Buffer) => void
  #connection: Socket | undefined
  #bytesSeen = 0
  #resolveClosed: () => void = () => {}
  #rejectClosed: (error: unknown) => void = () => {}

  constructor(server: Server, input: SerialPortInput) {
    this.socketPath = input.socketPath
    this.#server = server
    this.#onBytes = input.onBytes
    if (input.logFile !== undefined) {
      const half = Math.floor(input.logCapBytes / 2)
      this.#log = new CappedLog({ target: { kind: 'file', path: input.logFile }, headBytes: half, tailBytes: half })
    }
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve
      this.#rejectClosed = reject
    })
    // Nobody has to wait for it.
    this.closed.catch(() => {})
    server.on('connection', (socket) => this.#accept(socket))
    server.on('error', (error) => this.#finish(error))
  }

  get bytesSeen(): number {
    return this.#bytesSeen
  }

  send(bytes: Uint8Array): void {
    if (this.#connection?.writable === true) this.#connection.write(bytes)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection?.destroy()
    this.#finish()
    if (!this.#server.listening) return
    // Closing the server removes the socket file too.
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  /** A port has one cable: whoever connects second is turned away. */
  #accept(socket: Socket): void {
    if (this.#connection) {
      socket.destroy()
      return
    }
    this.#connection = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    // A reset is an ending like any other: QEMU was killed.
    socket.on('error', () => {})
    socket.on('close', () => this.#finish())
  }

  #take(chunk: Buffer): void {
    this.#bytesSeen += chunk.length
    this.#log?.write(chunk)
    try {
      this.#onBytes(chunk)
    } catch (error) {
      this.#finish(error)
      this.#connection?.destroy()
    }
  }

  #finish(error?: unknown): void {
    this.#log?.end()
    if (error === undefined) this.#resolveClosed()
    else this.#rejectClosed(error)
  }
}

/** sun_path of unix(7) has 108 bytes, the last one a NUL. */
const LONGEST_SOCKET_PATH = 107

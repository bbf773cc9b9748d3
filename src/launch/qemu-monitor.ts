import { chmod, chown } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import type { Account } from '../model/host.js'

/** Something that QEMU tells by itself, for example RESET or SHUTDOWN. Source: QEMU, docs/interop/qmp-spec. */
export interface MonitorEvent {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface QemuMonitor extends AsyncDisposable {
  /** Ends once QEMU has connected and takes commands. */
  readonly ready: Promise<void>
  /** Sends a command; false when QEMU refused it or is gone. */
  execute(command: string): Promise<boolean>
}

/**
 * Listens for the machine protocol of one QEMU, which connects to `socketPath` (`-chardev socket` without `server`).
 *
 * The socket is reachable for us and for `as`, the account that QEMU runs as, only.
 */
export async function listenMonitor(input: {
  readonly socketPath: string
  readonly onEvent: (event: MonitorEvent) => void
  readonly as?: Account
}): Promise<QemuMonitor> {
  const server = createServer()
  await listening(server, input.socketPath)
  await chmod(input.socketPath, 0o600)
  if (input.as) await chown(input.socketPath, input.as.uid, input.as.gid)

  let socket: Socket | undefined
  const answers: ((ok: boolean) => void)[] = []
  const forget = () => {
    for (const answer of answers.splice(0)) answer(false)
  }
  const send = (command: string): Promise<boolean> => {
    if (socket === undefined || socket.destroyed) return Promise.resolve(false)
    socket.write(`${JSON.stringify({ execute: command })}\n`)
    return new Promise((resolve) => answers.push(resolve))
  }

  const ready = new Promise<void>((resolve) => {
    server.once('connection', (connected) => {
      server.close()
      socket = connected
      socket.on('error', () => {})
      socket.on('close', forget)
      onLines(socket, (line) => {
        const message = parsed(line)
        if (message?.['QMP'] !== undefined) void send('qmp_capabilities').then(() => resolve())
        else if (typeof message?.['event'] === 'string') {
          input.onEvent({ event: message['event'], data: asObject(message['data']) ?? {} })
        } else if (message?.['return'] !== undefined) answers.shift()?.(true)
        else if (message?.['error'] !== undefined) answers.shift()?.(false)
      })
    })
  })

  return {
    ready,
    execute: send,
    [Symbol.asyncDispose]: async () => {
      socket?.destroy()
      forget()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}

function listening(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function onLines(socket: Socket, take: (line: string) => void): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_CHARACTERS) socket.destroy()
    for (const line of lines) take(line)
  })
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asObject(JSON.parse(line))
  } catch {
    return undefined
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  // Checked to be an object; its values are checked where they are read.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

const MAX_LINE_CHARACTERS = 1024 * 1024

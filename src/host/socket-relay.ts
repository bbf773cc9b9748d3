import { lstatSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { CvmError } from '../model/errors.js'

/**
 * Puts a UNIX socket at `path`, for this user alone, that leads to another one: whoever connects here is connected there.
 *
 * Disposing of it ends all connections and removes the socket.
 *
 * @throws {CvmError} USAGE when something is at `path` already, or no socket can be made there.
 */
export async function relaySocket(path: string, target: string): Promise<AsyncDisposable> {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
    throw new CvmError('USAGE', `${path} exists already`, {
      why: 'a socket is made there, and nothing of yours is removed for it',
    })
  }
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const machine = connect(target)
    for (const socket of [client, machine]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        machine.destroy()
      })
    }
    client.pipe(machine)
    machine.pipe(client)
  })
  await listenPrivately(server, path)
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      // Closing the server removes the socket file too.
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function listenPrivately(server: Server, path: string): Promise<void> {
  // The socket's mode comes from the umask: nobody else can connect, not even for a moment.
  const before = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, () => resolve())
    })
    await chmod(path, 0o600)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CvmError('USAGE', `no socket can be made at ${path}`, { why, cause })
  } finally {
    process.umask(before)
  }
}

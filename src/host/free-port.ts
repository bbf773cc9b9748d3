import { createServer, type Server } from 'node:net'
import { CvmError } from '../model/errors.js'

/**
 * As many TCP ports of 127.0.0.1 as asked for that nobody listens on: the kernel chooses them, all at the same time.
 *
 * Somebody may take one before it is used; then who uses it has to ask again.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listenOn(0)))
  const ports = servers.map((server) => portOf(server))
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** @throws {CvmError} LAUNCH_INVALID when somebody listens on this port of 127.0.0.1 already, or we may not. */
export async function assertPortFree(port: number): Promise<void> {
  try {
    const server = await listenOn(port)
    await new Promise((resolve) => server.close(resolve))
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    const what = code === 'EADDRINUSE' ? 'is in use on this machine' : 'cannot be listened on'
    throw new CvmError('LAUNCH_INVALID', `port ${port} of 127.0.0.1 ${what}`, {
      ...(cause instanceof Error ? { why: cause.message } : {}),
      next: 'Name another one, or none: then a free one is chosen and printed.',
      cause,
    })
  }
}

function listenOn(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve(server))
  })
}

function portOf(server: Server): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('a TCP server without a port')
  return address.port
}

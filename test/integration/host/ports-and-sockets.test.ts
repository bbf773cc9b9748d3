import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { assertPortFree, freePorts } from '../../../src/host/free-port.js'
import { relaySocket } from '../../../src/host/socket-relay.js'
import { waitForSshBanner } from '../../../src/host/ssh-banner.js'

let dir: string
const servers: Server[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ports-'))
})
afterEach(async () => {
  for (const server of servers.splice(0)) server.close()
  await rm(dir, { recursive: true })
})

async function listening(where: string | number, onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer(onConnection)
  servers.push(server)
  if (typeof where === 'string') server.listen(where)
  else server.listen(where, '127.0.0.1')
  await once(server, 'listening')
  return typeof where === 'string' ? 0 : (server.address() as AddressInfo).port
}

describe('free ports', () => {
  it('are different ones, and nobody listens on them', async () => {
    const ports = await freePorts(3)

    expect(new Set(ports).size).toBe(3)
    for (const port of ports) await assertPortFree(port)
  })

  it('are told from one that is in use', async () => {
    const port = await listening(0, () => {})

    await expect(assertPortFree(port)).rejects.toMatchObject({
      code: 'LAUNCH_INVALID',
      message: `port ${port} of 127.0.0.1 is in use on this machine`,
    })
  })
})

describe('waitForSshBanner', () => {
  const QUICK = { pauseMs: 10, tryMs: 2_000 }

  it('tries again until a server says who it is', async () => {
    let tries = 0
    const port = await listening(0, (socket) => {
      tries += 1
      socket.on('error', () => {})
      if (tries < 3) socket.destroy()
      else socket.write('SSH-2.0-Test\r\nmore')
    })

    expect(await waitForSshBanner({ port, ...QUICK, signal: new AbortController().signal })).toBe('SSH-2.0-Test')
    expect(tries).toBe(3)
  })

  it('is not kept by a server that floods, or says nothing; ends when it is aborted', async () => {
    const controller = new AbortController()
    const port = await listening(0, (socket) => {
      socket.on('error', () => {})
      socket.write(Buffer.alloc(100_000, 0x41))
    })
    setTimeout(() => controller.abort(), 200)

    expect(await waitForSshBanner({ port, ...QUICK, signal: controller.signal })).toBeUndefined()
  })
})

describe('relaySocket', () => {
  it('leads to another socket, for this user alone, and is gone afterwards', async () => {
    const target = join(dir, 'target')
    await listening(target, (socket) => socket.on('data', (chunk) => socket.write(`echo ${chunk}`)))
    const path = join(dir, 'relay')
    const umask = process.umask()

    const relay = await relaySocket(path, target)
    const client = connect(path)
    client.write('hello')
    const [answer] = await once(client, 'data')

    expect(String(answer)).toBe('echo hello')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(process.umask()).toBe(umask)
    client.on('error', () => {})
    await relay[Symbol.asyncDispose]()
    expect(existsSync(path)).toBe(false)
  })

  it('never replaces what is there', async () => {
    const path = join(dir, 'mine')
    await writeFile(path, 'precious')

    await expect(relaySocket(path, join(dir, 'target'))).rejects.toMatchObject({ code: 'USAGE' })
    expect(await readFile(path, 'utf8')).toBe('precious')
  })
})

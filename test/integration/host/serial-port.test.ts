import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeScratch, type Scratch } from '../../../src/host/scratch.js'
import { listenSerialPort } from '../../../src/host/serial-port.js'

let scratch: Scratch
let socketPath: string
beforeEach(async () => {
  scratch = await makeScratch(tmpdir(), 'serial', 0o700)
  socketPath = join(scratch.path, 'ttyS0')
})
afterEach(() => scratch.remove())

it('hands on every byte while its log keeps only head and tail', async () => {
  const logFile = join(scratch.path, 'log')
  let sum = 0
  await using port = await listenSerialPort({
    socketPath,
    logFile,
    logCapBytes: 20,
    onBytes: (chunk) => {
      for (const byte of chunk) sum += byte
    },
  })
  const guest = await plugIn()

  guest.end(Buffer.concat([Buffer.from('head------'), Buffer.alloc(5_000_000, 1), Buffer.from('------tail')]))
  await port.closed

  expect(port.bytesSeen).toBe(5_000_020)
  expect(sum).toBe(5_000_000 + sumOf('head------') + sumOf('------tail'))
  expect(await readFile(logFile, 'utf8')).toBe(
    'head------\n[5000000 bytes are left out here: the log is capped]\n------tail',
  )
})

it('slows a flood down to the pace of its reader', async () => {
  await using port = await listenSerialPort({
    socketPath,
    logCapBytes: 0,
    onBytes: () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    },
  })
  const guest = await plugIn()

  const taken = guest.write(Buffer.alloc(20_000_000))
  await new Promise((resolve) => setTimeout(resolve, 50))

  expect(taken).toBe(false)
  expect(port.bytesSeen).toBeLessThan(20_000_000)
  guest.destroy()
})

it('types into the guest, and loses what is typed before and after it is there', async () => {
  await using port = await listenSerialPort({ socketPath, logCapBytes: 0, onBytes: () => {} })
  port.send(Buffer.from('too early'))
  const guest = await plugIn()
  await expect.poll(() => guest.readyState).toBe('open')
  guest.write('x')
  await expect.poll(() => port.bytesSeen).toBe(1)

  port.send(Buffer.from('root\r'))

  const [typed] = await once(guest, 'data')
  expect(String(typed)).toBe('root\r')
  guest.destroy()
  await port.closed
  port.send(Buffer.from('too late'))
})

it('has one cable: a second one is turned away', async () => {
  const seen: string[] = []
  await using _port = await listenSerialPort({ socketPath, logCapBytes: 0, onBytes: (bytes) => seen.push(`${bytes}`) })
  const first = await plugIn()
  const second = await plugIn()
  second.on('error', () => {})
  second.resume()

  await once(second, 'close')
  first.write('still here')

  await expect.poll(() => seen).toEqual(['still here'])
  first.destroy()
})

it('rejects `closed` with what the reader of its bytes threw', async () => {
  const boom = () => {
    throw new Error('cannot read this')
  }
  await using port = await listenSerialPort({ socketPath, logCapBytes: 0, onBytes: boom })
  const guest = await plugIn()
  guest.on('error', () => {})

  guest.write('x')

  await expect(port.closed).rejects.toThrow('cannot read this')
})

it('leaves no socket behind, and nobody but its owner may write to it before', async () => {
  const port = await listenSerialPort({ socketPath, logCapBytes: 0, onBytes: () => {} })
  expect((await stat(socketPath)).mode & 0o777).toBe(0o600)

  await port[Symbol.asyncDispose]()
  await port[Symbol.asyncDispose]()

  await port.closed
  await expect(stat(socketPath)).rejects.toThrow('ENOENT')
})

it('refuses a path that the kernel would cut', async () => {
  const long = join(scratch.path, 'x'.repeat(108))

  await expect(listenSerialPort({ socketPath: long, logCapBytes: 0, onBytes: () => {} })).rejects.toThrow('107 bytes')
})

async function plugIn(): Promise<Socket> {
  const guest = connect(socketPath)
  await once(guest, 'connect')
  return guest
}

function sumOf(text: string): number {
  return [...Buffer.from(text)].reduce((sum, byte) => sum + byte, 0)
}

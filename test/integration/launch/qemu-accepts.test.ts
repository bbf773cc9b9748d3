import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Cleanup } from '../../../src/host/cleanup.js'
import { runTool, runToolOrFail } from '../../../src/host/run-tool.js'
import { makeScratch } from '../../../src/host/scratch.js'
import { qemuArguments } from '../../../src/launch/qemu-arguments.js'
import { listenMonitor } from '../../../src/launch/qemu-monitor.js'
import type { LaunchConfig, LaunchWiring } from '../../../src/model/launch.js'
import { qemuSystemCall } from '../../../src/tools/qemu-system.js'
import { sample } from '../../fixtures/launch/samples.js'

const OVMF = '/usr/share/OVMF'
const cleanup = new Cleanup()
let dir = ''
let plain: LaunchConfig

beforeAll(async () => {
  dir = cleanup.use(await makeScratch('/tmp', 'qa', 0o700)).path
  const disk = (name: string, format: 'qcow2' | 'raw') => ({
    path: join(dir, name),
    format,
    readOnly: false,
    throwAway: false,
  })
  await runToolOrFail({ tool: 'qemu-img', args: ['create', '-q', '-f', 'qcow2', join(dir, 'a, b.qcow2'), '1M'] })
  await writeFile(join(dir, 'data.raw'), Buffer.alloc(1024 * 1024))
  plain = { ...sample('plain-bios'), memoryMiB: 128, disks: [disk('a, b.qcow2', 'qcow2')] }
})
afterAll(async () => await cleanup[Symbol.asyncDispose]())

/** Starts the machine with its CPUs waiting, lets it quit, and says how it ended. */
async function startAndQuit(config: LaunchConfig, ends: { swtpm?: boolean; sockets?: boolean } = {}) {
  await using made = new Cleanup()
  const place = made.use(await makeScratch(dir, 'run', 0o700)).path
  const monitorPath = join(place, 'monitor')
  const monitor = made.use(await listenMonitor({ socketPath: monitorPath, onEvent: () => {} }))
  const listening = async (name: string) => {
    const server = createServer((socket) => socket.on('error', () => {}).resume())
    await new Promise<void>((resolve) => server.listen(join(place, name), resolve))
    made.defer(async () => void server.close())
    return join(place, name)
  }
  const tpm = ends.swtpm === true ? { tpm: await startTpm(place, made) } : {}
  const sockets: LaunchWiring = {
    kind: 'sockets',
    serialPorts: [await listening('ttyS0'), await listening('ttyS1')],
    virtioConsole: await listening('hvc0'),
    probe: await listening('probe'),
    monitor: monitorPath,
    ...tpm,
  }
  const monitorArguments = ['-chardev', `socket,id=m,path=${monitorPath}`, '-mon', 'chardev=m,mode=control', '-S']
  const args =
    ends.sockets === false
      ? [...qemuArguments(config, { kind: 'terminal', ...tpm }), ...monitorArguments]
      : qemuArguments(config, sockets)
  const ended = runTool(qemuSystemCall(args, place), { timeoutMs: 30_000 })
  await Promise.race([monitor.ready, ended])
  await monitor.execute('quit')
  const { exitCode, stderr } = await ended
  return { exitCode, stderr }
}

async function startTpm(place: string, made: Cleanup): Promise<string> {
  const state = join(place, 'tpm-state')
  const socket = join(place, 'tpm')
  await mkdir(state)
  const stop = new AbortController()
  const args = ['socket', '--tpm2', '--tpmstate', `dir=${state}`, '--ctrl', `type=unixio,path=${socket}`]
  const ended = runTool({ tool: 'swtpm', args }, { signal: stop.signal }).catch(() => {})
  made.defer(async () => {
    stop.abort(new Error('over'))
    await ended
  })
  for (let tries = 0; tries < 100; tries += 1) {
    const found = await runTool({ tool: 'test', args: ['-S', socket] })
    if (found.exitCode === 0) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return socket
}

const FINE = { exitCode: 0, stderr: '' }

describe('the installed QEMU accepts the arguments of', () => {
  it('a BIOS guest, on sockets and on a terminal', async () => {
    expect(await startAndQuit(plain)).toEqual(FINE)
    expect(await startAndQuit(plain, { sockets: false })).toEqual(FINE)
  })

  it('a guest with several disks, one of them read-only, and a network of its own with forwarded ports', async () => {
    const data = { path: join(dir, 'data.raw'), format: 'raw', readOnly: true, throwAway: true } as const
    const forwards = [{ hostPort: 0, guestPort: 22 }]
    const config: LaunchConfig = {
      ...plain,
      disks: [...plain.disks, data],
      network: { kind: 'user', cidr: '10.7.0.0/24', dhcpStart: '10.7.0.40', mac: '52:54:00:12:34:56', forwards },
    }

    expect(await startAndQuit(config)).toEqual(FINE)
  })

  it.each([0, 65])('a guest whose boot menu waits %i s', async (bootMenuWaitSeconds) => {
    expect(await startAndQuit({ ...plain, bootMenuWaitSeconds })).toEqual(FINE)
  })

  it('a UEFI guest with Secure Boot in system management mode and a TPM', async () => {
    const vars = join(dir, 'vars, with commas.fd')
    await copyFile(`${OVMF}/OVMF_VARS_4M.ms.fd`, vars)
    const code = `${OVMF}/OVMF_CODE_4M.secboot.fd`
    const config: LaunchConfig = {
      ...plain,
      firmware: { kind: 'uefi', code, vars, format: 'raw', smm: true },
      tpm: true,
    }

    expect(await startAndQuit(config, { swtpm: true })).toEqual(FINE)
    expect(await startAndQuit(config, { swtpm: true, sockets: false })).toEqual(FINE)
  })

  it('a guest whose kernel QEMU loads, from paths with commas', async () => {
    // The least that QEMU takes for a Linux kernel: the boot sector's signature and a header of protocol 2.12 with one setup sector.
    const bytes = Buffer.alloc(4096)
    bytes[0x1f1] = 1
    bytes.writeUInt16LE(0xaa55, 0x1fe)
    bytes.write('HdrS', 0x202)
    bytes.writeUInt16LE(0x20c, 0x206)
    bytes[0x211] = 1
    bytes.writeUInt32LE(0x7fffffff, 0x22c)
    bytes.writeUInt32LE(2048, 0x238)
    const kernel = join(dir, 'vmlinuz, new')
    const initrd = join(dir, 'initrd, new')
    await writeFile(kernel, bytes)
    await writeFile(initrd, Buffer.alloc(1024, 1))
    const config = { ...plain, directBoot: { kernel, initrd, cmdline: 'root=/dev/vda1 console=ttyS0,115200 a="b c"' } }

    expect(await startAndQuit(config)).toEqual(FINE)
  })

  it('a guest whose firmware is one file', async () => {
    const path = join(dir, 'OVMF, one.fd')
    await copyFile('/usr/share/qemu/bios-256k.bin', path).catch(() =>
      copyFile('/usr/share/seabios/bios-256k.bin', path),
    )

    expect(await startAndQuit({ ...plain, firmware: { kind: 'rom', path } })).toEqual(FINE)
  })
})

describe('the installed QEMU gets past its options, as far as this host has what they name, with', () => {
  it('huge pages', async () => {
    const { exitCode, stderr } = await startAndQuit({ ...plain, hugepages: true })

    if (exitCode !== 0) expect(stderr).toMatch(/hugepage|allocate memory/i)
  })

  it('a bridge', async () => {
    const { exitCode, stderr } = await startAndQuit({ ...plain, network: { kind: 'bridge', bridge: 'no-such-br' } })

    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/bridge helper|bridge/)
    expect(stderr).not.toMatch(/Invalid parameter|unexpected/)
  })

  it('a vsock address', async () => {
    const { exitCode, stderr } = await startAndQuit({ ...plain, vsockCid: 4242 })

    if (exitCode !== 0) expect(stderr).toMatch(/vhost-vsock.*(open vhost device|vhost_vsock|cid)/i)
  })
})

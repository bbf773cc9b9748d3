import { spawn } from 'node:child_process'
import { copyFile, open, readFile, rm } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runTool, runToolOrFail } from '../../src/host/run-tool.js'
import { makeScratch } from '../../src/host/scratch.js'
import { readDiskLayout } from '../../src/image/read-layout.js'
import { chooseFirmware } from '../../src/launch/firmware-choice.js'

/** What a boot of an image showed: its console, its SSH host keys, and its root file system after a clean power-off. */
export interface Booted extends AsyncDisposable {
  readonly console: string
  readonly hostKeys: readonly string[]
  /** A file of the root file system as the boot left it; undefined when it is not there. */
  readFile(path: string): Promise<string | undefined>
}

export interface BootOptions {
  readonly uefi: boolean
  /** A disk to attach as a host might. */
  readonly seedIso?: string
  /** What is done in the guest before it is powered off. */
  readonly visit?: (guest: Visit) => Promise<void>
}

/** A guest that is up. */
export interface Visit {
  /** Runs a command by SSH; gives its exit code and what it printed, standard error included. */
  run(login: { readonly user: string; readonly keyFile: string }, command: string): Promise<Answer>
}

export interface Answer {
  readonly code: number
  readonly text: string
}

/**
 * Boots a layer over an image with plain QEMU until sshd answers through a forwarded port, then powers it off with its
 * power button, so that everything has reached the disk.
 */
export async function bootAndLook(image: string, dir: string, options: BootOptions): Promise<Booted> {
  const scratch = await makeScratch(dir, 'boot', 0o700)
  const layer = join(scratch.path, 'layer.qcow2')
  const consoleLog = join(scratch.path, 'console.log')
  const monitor = join(scratch.path, 'qmp')
  await runToolOrFail({ tool: 'qemu-img', args: ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', image, layer] })
  const sshPort = await freePort()
  const seed =
    options.seedIso === undefined ? [] : ['-drive', `file=${options.seedIso},format=raw,if=virtio,readonly=on`]
  const child = spawn(
    'qemu-system-x86_64',
    [
      [
        '-machine',
        'q35',
        '-accel',
        'tcg,thread=multi',
        '-cpu',
        'max',
        '-smp',
        '2',
        '-m',
        '2048',
        '-nodefaults',
        '-display',
        'none',
      ],
      options.uefi ? await firmwareArgs(scratch.path) : [],
      ['-drive', `file=${layer},format=qcow2,if=virtio,cache=unsafe`, ...seed],
      ['-serial', `file:${consoleLog}`, '-qmp', `unix:${monitor},server=on,wait=off`],
      ['-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${sshPort}-:22`, '-device', 'virtio-net-pci,netdev=net'],
      ['-object', 'rng-random,id=rng,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng'],
    ].flat(),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  try {
    const hostKeys = await waitForHostKeys(sshPort)
    await options.visit?.({ run: (login, command) => runBySsh(sshPort, login, command) })
    await powerButton(monitor)
    await Promise.race([
      ended,
      delay(POWER_OFF_LIMIT_MS).then(() => Promise.reject(new Error('the guest did not power off'))),
    ])
    const root = await rootFileSystem(layer, scratch.path)
    return {
      console: await readFile(consoleLog, 'latin1'),
      hostKeys,
      readFile: (path) => fileIn(root, path),
      [Symbol.asyncDispose]: () => scratch.remove(),
    }
  } catch (error) {
    const tail = await readFile(consoleLog, 'latin1').catch(() => '')
    await scratch.remove()
    throw new Error(`boot of ${image}: ${String(error)}\n${tail.slice(-2000)}`)
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

async function firmwareArgs(dir: string): Promise<string[]> {
  const { uefi } = await chooseFirmware()
  const vars = join(dir, 'vars.fd')
  await copyFile(uefi.vars, vars)
  return [
    `if=pflash,format=raw,unit=0,readonly=on,file=${uefi.code}`,
    `if=pflash,format=raw,unit=1,file=${vars}`,
  ].flatMap((drive) => ['-drive', drive])
}

/** Answers only when the network is up and sshd has host keys. */
async function waitForHostKeys(port: number): Promise<string[]> {
  const until = performance.now() + BOOT_LIMIT_MS
  while (performance.now() < until) {
    const scan = await runTool({ tool: 'ssh-keyscan', args: ['-T', '20', '-p', String(port), '127.0.0.1'] })
    const keys = scan.stdout
      .split('\n')
      .flatMap((line) => line.split(' ').slice(1).join(' ') || [])
      .filter((line) => line.includes('AAAA'))
    if (keys.length > 0) return keys.sort()
    await delay(2_000)
  }
  throw new Error('sshd never answered')
}

async function runBySsh(
  port: number,
  { user, keyFile }: { readonly user: string; readonly keyFile: string },
  command: string,
): Promise<Answer> {
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR']
  const args = ['-i', keyFile, '-p', String(port), ...options.flatMap((option) => ['-o', option])]
  const call = { tool: 'ssh', args: [...args, `${user}@127.0.0.1`, command] }
  const { exitCode, stdout, stderr } = await runTool(call, { timeoutMs: COMMAND_LIMIT_MS })
  return { code: exitCode ?? -1, text: `${stdout}${stderr}` }
}

async function powerButton(monitor: string): Promise<void> {
  const socket = createConnection(monitor)
  socket.write('{"execute":"qmp_capabilities"}\n{"execute":"system_powerdown"}\n')
  await new Promise<void>((resolve) => socket.once('data', () => setTimeout(resolve, 1_000)))
  socket.destroy()
}

/** The root partition as a raw file of its own, with its journal replayed, for debugfs. */
async function rootFileSystem(layer: string, dir: string): Promise<string> {
  const { partitions } = await readDiskLayout({ path: layer, format: 'qcow2' }, dir)
  const root = partitions.find((partition) => partition.number === 1)
  if (root === undefined) throw new Error('no partition 1')
  const disk = join(dir, 'disk.raw')
  const path = join(dir, 'root.ext4')
  await runToolOrFail({ tool: 'qemu-img', args: ['convert', '-f', 'qcow2', '-O', 'raw', layer, disk] })
  await runToolOrFail({
    tool: 'dd',
    args: [
      `if=${disk}`,
      `of=${path}`,
      'bs=1M',
      'iflag=skip_bytes,count_bytes',
      'conv=sparse',
      `skip=${root.firstSector * 512}`,
      `count=${root.sectors * 512}`,
    ],
  })
  await rm(disk)
  await runTool({ tool: 'e2fsck', args: ['-fp', path] })
  return path
}

async function fileIn(root: string, path: string): Promise<string | undefined> {
  const stat = await runTool({ tool: 'debugfs', args: ['-R', `stat ${path}`, root] })
  if (!stat.stdout.includes('Inode:')) return undefined
  return (await runToolOrFail({ tool: 'debugfs', args: ['-R', `cat ${path}`, root] })).stdout
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** True when the bytes occur anywhere in the file. */
export async function fileHolds(path: string, needle: string): Promise<boolean> {
  const wanted = Buffer.from(needle)
  await using file = await open(path, 'r')
  const piece = Buffer.alloc(1 << 22)
  let kept = 0
  for (;;) {
    const { bytesRead } = await file.read(piece, kept, piece.length - kept)
    if (bytesRead === 0) return false
    const filled = kept + bytesRead
    if (piece.subarray(0, filled).includes(wanted)) return true
    kept = Math.min(wanted.length - 1, filled)
    piece.copy(piece, 0, filled - kept, filled)
  }
}

const BOOT_LIMIT_MS = 8 * 60_000
const COMMAND_LIMIT_MS = 3 * 60_000
const POWER_OFF_LIMIT_MS = 3 * 60_000

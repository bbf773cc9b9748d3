import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { anMbrDisk } from '../../unit/image/a-disk.js'

/**
 * Everything for runs of the real program with a guest that is only played: a directory of its own, a small disk image,
 * two plugins, and fake virt-install, virsh, libvirtd and cloud-init in front of PATH.
 */
export interface Bench extends AsyncDisposable {
  readonly root: string
  /** Where the program runs; guest.qcow2 lies in it. */
  readonly dir: string
  readonly plugins: string
  readonly bin: string
  at(name: string): string
  /** Writes a file below the plugins directory, with the directories above it. */
  plugin(path: string, text: string, mode?: number): Promise<void>
  /** What the guest of the next runs does; at its `start`th start only, when that is given. */
  guest(steps: readonly GuestStep[], start?: number): Promise<void>
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running
  /** The arguments of node, and the environment, for a test that starts the program itself. */
  commandLine(args: readonly string[]): readonly string[]
  environment(env?: Readonly<Record<string, string>>): Record<string, string>
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Outcome>
  /** What the fakes have written down. */
  calls(name: string): string
  /** The calls of virt-install, one a run. */
  boots(): readonly { readonly pid: number; readonly args: readonly string[]; readonly env: Record<string, string> }[]
  /** Files and directories in the run's directory and in the temporary one. */
  listing(): { readonly dir: readonly string[]; readonly tmp: readonly string[] }
  /** Processes of the fakes that still run. */
  processes(): readonly string[]
}

export interface GuestStep {
  readonly console?: string
  readonly raw?: string
  readonly report?: Readonly<Record<string, unknown>>
  readonly nonce?: string
  readonly times?: number
  readonly waitMs?: number
  readonly hang?: true
  readonly exit?: number
  readonly stderr?: string
}

export interface Outcome {
  /** 128 + n for a death by signal, as a shell counts. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly outcome: Promise<Outcome>
}

export async function aBench(): Promise<Bench> {
  const root = await mkdtemp('/tmp/bench-')
  await chmod(root, 0o755)
  const [dir, tmp, plugins, bin] = ['dir', 'tmp', 'plugins', 'bin'].map((name) => join(root, name)) as Four
  for (const path of [dir, tmp, plugins, bin]) await mkdir(path, { mode: 0o755 })
  await cp(FAKES, bin, { recursive: true })
  await mkdir(join(bin, 'calls'))
  await chmod(join(bin, 'calls'), 0o777)
  await anImage(join(dir, 'guest.qcow2'))

  const plugin: Bench['plugin'] = async (path, text, mode = 0o755) => {
    await mkdir(dirname(join(plugins, path)), { recursive: true })
    await writeFile(join(plugins, path), text, { mode })
  }
  await plugin('pre-stage/10-hello/README.md', '# 10-hello\n\nSays hello.\n')
  await plugin('pre-stage/10-hello/guest_run.sh', '#!/bin/sh\necho hello\n')
  await plugin('pre-stage/10-hello/files/etc/hello', 'hello\n', 0o644)
  await plugin('post-stage/10-seal/README.md', '# 10-seal\n\nRemoves what copies would share.\n')
  await plugin('post-stage/10-seal/guest_run.sh', '#!/bin/sh\ntrue\n')
  const guest: Bench['guest'] = async (steps, nth) =>
    await writeFile(join(bin, nth === undefined ? 'guest.json' : `guest-${nth}.json`), JSON.stringify(steps))
  await guest(aGoodGuest())

  const calls = (name: string) => {
    const path = join(bin, 'calls', name)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
  const environment: Bench['environment'] = (env = {}) => ({
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    HOME: root,
    TMPDIR: tmp,
    XDG_CACHE_HOME: join(root, 'cache'),
    ...env,
  })
  const start: Bench['start'] = (args, env = {}) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: dir,
      env: environment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return { child, outcome: outcomeOf(child) }
  }
  const usual = ['-i', 'guest.qcow2', '--accel', 'tcg', '--plugins', plugins]
  return {
    root,
    dir,
    plugins,
    bin,
    at: (name) => join(dir, name),
    plugin,
    guest,
    calls,
    start: (args, env) => start([...usual, ...args], env),
    commandLine: (args) => [PROGRAM, ...usual, ...args],
    environment,
    run: async (args, env) => await start([...usual, ...args], env).outcome,
    boots: () =>
      calls('virt-install')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    listing: () => ({ dir: readdirSync(dir).sort(), tmp: readdirSync(tmp).sort() }),
    processes: () => processesOf(root),
    [Symbol.asyncDispose]: async () => await rm(root, { recursive: true, force: true }),
  }
}

/** Report of a guest in which all goes well, with the parts of the bench's two plugins. */
export function aGoodGuest(changes: GoodGuest = {}): GuestStep[] {
  const status = { v1: { datasource: 'NoCloud', init: { errors: [], recoverable_errors: {} } } }
  const result = { v1: { datasource: 'DataSourceNoCloud [seed=/dev/vdb][dsmode=net]', errors: [] } }
  const cloudInit = {
    event: 'cloud-init',
    version: base64('22.4.2'),
    instance: changes.instance ?? '@instance@',
    status: base64(JSON.stringify(status)),
    result: base64(JSON.stringify(result)),
    warnings: base64(changes.warnings ?? ''),
  }
  const { left = '', cloudInit: closing = 'closed', kernelKey = 'none' } = changes
  const sealed = { event: 'sealed', left: base64(left), cloudInit: closing, kernelKey }
  return [
    { console: 'SeaBIOS\r\nLinux version 6.1\r\n' },
    { raw: 'firmware noise without a line break ' },
    { report: { event: 'boot' } },
    { report: { event: 'payload', rc: 0, tail: '' } },
    ...aPartRun('100-10-hello-guest_run.sh', 0, 'hello\n'),
    ...aPartRun('boot-files', 0, 'nothing changed\n'),
    { report: cloudInit },
    { report: { event: 'units', failed: '' } },
    { report: { event: 'inventory', os: base64('Debian'), boot: base64('vmlinuz-6.1\n'), cmdline: '', packages: '' } },
    ...aPartRun('post-100-10-seal-guest_run.sh', 0, ''),
    ...(changes.sealed === false ? [] : [{ report: sealed }]),
    { report: { event: 'trimmed', rc: 0, tail: '' } },
    { report: { event: 'done' }, ...(changes.nonce === undefined ? {} : { nonce: changes.nonce }) },
  ]
}

export interface GoodGuest {
  readonly left?: string
  readonly sealed?: false
  readonly cloudInit?: 'open'
  readonly kernelKey?: 'there'
  readonly warnings?: string
  readonly instance?: string
  /** Of the last line only. */
  readonly nonce?: string
}

export function aPartRun(part: string, rc: number, tail: string): GuestStep[] {
  return [{ report: { event: 'part-start', part } }, { report: { event: 'part-end', part, rc, tail: base64(tail) } }]
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** What must not change: bytes, mode and times of every file below a path. */
export function fingerprint(path: string): string {
  const hash = createHash('sha256')
  for (const file of filesBelow(path)) {
    const { mode, mtimeMs, ctimeMs, uid, gid } = statSync(file)
    hash.update(JSON.stringify([file, mode, mtimeMs, ctimeMs, uid, gid])).update(readFileSync(file))
  }
  return hash.digest('hex')
}

/** Waits until something is so; at most 20 seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const limit = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > limit) throw new Error(`not within 20 s: ${what}`)
    await delay(20)
  }
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  const code = await new Promise<number>((resolve) =>
    child.on('exit', (status, signal) =>
      resolve(status ?? 128 + SIGNALS[signal === 'SIGKILL' ? 'SIGKILL' : 'SIGTERM']),
    ),
  )
  await delay(20)
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
}

async function anImage(path: string): Promise<void> {
  const raw = `${path}.raw`
  const disk = anMbrDisk([0x83])
  disk.fill(0x90, 0, 64)
  await writeFile(raw, disk)
  await truncate(raw, 4 * 2 ** 20)
  await promisify(execFile)('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, path])
  await rm(raw)
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
    .sort()
}

/** Command lines that name the directory, zombies left out. */
function processesOf(root: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return line.includes(`${root}/`) && Number(pid) !== process.pid ? [line] : []
      } catch {
        return []
      }
    })
}

/** All that a quiet run says on a bench, whose cloud-init is a fake one. */
export const WITHOUT_MAKE_MIME =
  'warning cloud-init devel make-mime failed here; the bundle is written without it (it ended with exit code 1)\n'

type Four = [string, string, string, string]

const SIGNALS = { SIGKILL: 9, SIGTERM: 15 } as const
const HERE = dirname(fileURLToPath(import.meta.url))
const FAKES = join(HERE, '..', '..', 'fixtures', 'bin', 'fake-libvirt')
const PROGRAM = join(HERE, '..', '..', '..', 'dist', 'cli', 'bin-rewrite.js')

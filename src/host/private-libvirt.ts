import { once } from 'node:events'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { lchown, mkdir, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CvmError } from '../model/errors.js'
import type { Account } from '../model/host.js'
import { isNoSpace } from '../model/system-error.js'
import { canReach } from './accounts.js'
import { findTool } from './find-tool.js'
import type { Janitor } from './janitor.js'
import { endProcess, identifyProcess, isQemu, isRunning } from './processes.js'
import { runTool } from './run-tool.js'

/** How to reach the libvirt daemon of a run. */
export interface LibvirtConnection extends AsyncDisposable {
  readonly uri: string
  /** For every libvirt client of this run. */
  readonly env: Readonly<Record<string, string>>
  /** Who the clients run as; undefined: we ourselves. */
  readonly account: Account | undefined
  /** The daemon is this run's own. */
  readonly private: boolean
}

export interface PrivateLibvirtInput {
  /** Short; the account can enter it. */
  readonly scratchDir: string
  /**
   * Keeps what libvirt found out about QEMU, which takes seconds; its parent exists. As root a directory of the
   * account's under /var/cache is used in its place: root's own cache folder is closed to the account.
   */
  readonly cacheDir: string
  readonly account: Account | undefined
  readonly janitor: Janitor
}

/**
 * Starts a libvirt daemon of this run's own, in session mode with all its directories in `scratchDir`.
 *
 * Nothing of the person's libvirt is seen or touched, two runs do not meet, and no daemon needs to be installed as a service.
 * As root it runs as the unprivileged account, and so does QEMU.
 *
 * @throws {CvmError} TOOL_MISSING, LIBVIRT_UNREACHABLE with the daemon's last words.
 */
export async function startPrivateLibvirt(input: PrivateLibvirtInput): Promise<LibvirtConnection> {
  const { scratchDir, account, janitor } = input
  const home = join(scratchDir, 'libvirt')
  const env = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_RUNTIME_DIR: join(home, 'run'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    // Without this a client whose daemon is gone starts another one, which nobody would end.
    LIBVIRT_AUTOSTART: '0',
  }
  try {
    await furnish(env, input)
  } catch (cause) {
    if (!isNoSpace(cause)) throw cause
    const next = 'Free space there, or set TMPDIR to a directory on another disk.'
    throw new CvmError('NO_SPACE', `no room in ${scratchDir}`, { next, cause })
  }

  const tool = await daemonName()
  const pidfiles = join(env.XDG_RUNTIME_DIR, 'libvirt', 'qemu', 'run')
  janitor.watchPidfile(pidfiles)
  const stop = new AbortController()
  const daemon = runTool(
    { tool, args: ['--timeout', String(IDLE_S)], env, cwd: '/' },
    {
      ...(account === undefined ? {} : { as: account }),
      signal: stop.signal,
      graceMs: STEP_MS,
      onStart: (pid) => {
        const started = identifyProcess(pid)
        if (started !== undefined) janitor.watchPid(started.pid, started.startTime)
      },
    },
  )
  let ended: readonly string[] | undefined
  const over = daemon.then(
    (result) => {
      const words = result.stderr.split('\n').filter((line) => line.trim() !== '')
      ended = words.length > 0 ? words : [`it ended with ${result.signal ?? `exit code ${result.exitCode}`}`]
    },
    (error: unknown) => {
      ended = [error instanceof Error ? error.message : String(error)]
    },
  )
  const end = async () => {
    await endMachines(pidfiles)
    stop.abort(new Error('the run is over'))
    await over
  }
  let ending: Promise<void> | undefined
  // Whoever comes second waits for the first one's end.
  const dispose = () => {
    ending ??= end()
    return ending
  }
  try {
    const socket = join(env.XDG_RUNTIME_DIR, 'libvirt', tool === 'libvirtd' ? 'libvirt-sock' : 'virtqemud-sock')
    await untilListening(socket, () => ended)
  } catch (error) {
    await dispose()
    throw error
  }
  return { uri: 'qemu:///session', env, account, private: true, [Symbol.asyncDispose]: dispose }
}

/** The directories and the configuration of the daemon, all the account's. */
async function furnish(
  env: Readonly<Record<'HOME' | 'XDG_CONFIG_HOME' | 'XDG_RUNTIME_DIR' | 'XDG_DATA_HOME' | 'XDG_CACHE_HOME', string>>,
  { account, cacheDir }: PrivateLibvirtInput,
): Promise<void> {
  const configDir = join(env.XDG_CONFIG_HOME, 'libvirt')
  const qemuCacheDir = join(env.XDG_CACHE_HOME, 'libvirt', 'qemu')
  for (const dir of [env.HOME, configDir, env.XDG_RUNTIME_DIR, env.XDG_DATA_HOME, qemuCacheDir]) {
    await makeDirs(env.HOME, dir, account)
  }
  const config = join(configDir, 'qemu.conf')
  await writeFile(config, QEMU_CONF)
  await give(config, account)
  // Only what libvirt knows of QEMU is kept from run to run; its logs, beside it, go with the run.
  const known = await usableCache(cacheDir, account)
  if (known !== undefined) await symlink(known, join(qemuCacheDir, 'cache'))
}

/** One daemon for all of libvirt, or, where libvirt is split up, the one for QEMU. */
async function daemonName(): Promise<'libvirtd' | 'virtqemud'> {
  if ((await findTool('libvirtd')) !== undefined) return 'libvirtd'
  if ((await findTool('virtqemud')) !== undefined) return 'virtqemud'
  throw new CvmError('TOOL_MISSING', 'neither libvirtd nor virtqemud is installed', {
    next: 'apt-get install libvirt-daemon-system libvirt-clients',
  })
}

/** Tries until the daemon takes a connection; libvirt clients themselves wait for the rest (its first look at QEMU). */
async function untilListening(socket: string, ended: () => readonly string[] | undefined): Promise<void> {
  const until = performance.now() + START_LIMIT_MS
  while (!(await answers(socket))) {
    const words = ended()
    if (words !== undefined) {
      throw new CvmError('LIBVIRT_UNREACHABLE', 'the private libvirt daemon did not start', {
        why: words.at(-1) ?? '',
        next: NEXT,
        lines: words.slice(-SHOWN_LINES),
      })
    }
    if (performance.now() > until) {
      const limit = `${START_LIMIT_MS / 1000} s`
      throw new CvmError('LIBVIRT_UNREACHABLE', `the private libvirt daemon did not start within ${limit}`, {
        why: 'it is alive and takes no connections: the machine is overloaded, or something holds it up',
        next: NEXT,
      })
    }
    await delay(POLL_MS)
  }
}

async function answers(socket: string): Promise<boolean> {
  const connection = connect(socket)
  try {
    await once(connection, 'connect')
    return true
  } catch {
    return false
  } finally {
    connection.destroy()
  }
}

/** Every machine that the daemon has started: the pidfiles are in a directory that only this run uses. */
async function endMachines(dir: string): Promise<void> {
  if (!existsSync(dir)) return
  for (const name of readdirSync(dir).filter((each) => each.endsWith('.pid'))) {
    const pid = Number(readFileSync(join(dir, name), 'utf8').trim())
    if (!Number.isInteger(pid) || pid <= 1 || !isQemu(pid)) continue
    const machine = identifyProcess(pid)
    if (machine !== undefined && isRunning(machine)) await endProcess(machine, STEP_MS)
  }
}

/**
 * The shared cache directory when it is safe to use: a real one of the account's that nobody else may write.
 * Otherwise undefined, and libvirt looks at QEMU anew.
 */
async function usableCache(shared: string, account: Account | undefined): Promise<string | undefined> {
  const path = account === undefined ? shared : `${SYSTEM_CACHE_DIR}-${account.name}`
  try {
    // As root only below a directory that is root's; a path that was just made here is ours to hand over.
    await mkdir(path, { recursive: account === undefined, mode: 0o700 })
    await give(path, account)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) return undefined
  }
  const entry = lstatSync(path, { throwIfNoEntry: false })
  const owner = account?.uid ?? process.getuid?.()
  const safe = entry?.isDirectory() === true && entry.uid === owner && (entry.mode & 0o022) === 0
  // libvirt does not know a QEMU of which it cannot write down what it knows.
  return safe && (await canReach(path, 'rw', account)) ? path : undefined
}

/** Makes `dir` and what is missing above it, each directory the account's; `top` is the first one to make. */
async function makeDirs(top: string, dir: string, account: Account | undefined): Promise<void> {
  const below = dir.slice(top.length).split('/').filter(Boolean)
  for (let depth = 0; depth <= below.length; depth += 1) {
    const path = join(top, ...below.slice(0, depth))
    if (existsSync(path)) continue
    await mkdir(path, { mode: 0o700 })
    await give(path, account)
  }
}

async function give(path: string, account: Account | undefined): Promise<void> {
  if (account !== undefined) await lchown(path, account.uid, account.gid)
}

/** Consoles are sockets of ours and logs are capped by us, so no virtlogd is needed; there is no other guest to be kept apart from. */
const QEMU_CONF = 'stdio_handler = "file"\nsecurity_driver = "none"\n'
/** With the account's name behind it. */
const SYSTEM_CACHE_DIR = '/var/cache/cvm-image-rewriter'
const NEXT = 'Mend what it complains about, or name a libvirt that runs with -s (-s qemu:///session).'
const SHOWN_LINES = 10
/** The daemon ends by itself should we and the janitor both be gone. */
const IDLE_S = 600
const START_LIMIT_MS = 20_000
const STEP_MS = 10_000
const POLL_MS = 20

import { chown, copyFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ConsoleReader } from '../guest/console.js'
import { FIXED_ADDRESSES_OEM_STRING } from '../guest/fixed-addresses.js'
import { GuestReportReader } from '../guest/report.js'
import { UNSEAL_OEM_STRING } from '../guest/unseal.js'
import { Cleanup } from '../host/cleanup.js'
import type { LibvirtConnection } from '../host/private-libvirt.js'
import { identifyProcess } from '../host/processes.js'
import { type RunOptions, runTool, runToolOrFail } from '../host/run-tool.js'
import { listenSerialPort, type SerialPort } from '../host/serial-port.js'
import { showCall } from '../host/show-call.js'
import { CvmError } from '../model/errors.js'
import type { Say } from '../model/events.js'
import type { ToolResult } from '../model/host.js'
import type { RewritePlan, SeedPart } from '../model/rewrite.js'
import { destroyCall, domainEventsCall, dropPoolCalls, readDomainEvent, stopCall } from '../tools/virsh.js'
import { virtInstallCall } from '../tools/virt-install.js'
import { failureOfStoppedGuest, failureOfTime, type GuestRun } from './guest-verdict.js'
import { GuestWatch } from './guest-watch.js'
import { guestText } from './guest-words.js'
import type { RunPlace } from './run-place.js'

export interface GuestBootInput {
  readonly plan: RewritePlan
  readonly place: RunPlace
  readonly libvirt: LibvirtConnection
  /** Paths in the boot directory. */
  readonly workImage: string
  readonly seedIso: string
  readonly parts: readonly SeedPart[]
  readonly say: Say
  readonly signal: AbortSignal
  /** Gets what is known of the boot, also when it fails. */
  readonly seen: { guest: GuestRun | undefined }
}

export interface GuestStartInput extends GuestBootInput {
  /** Since the first start of the guest. */
  readonly elapsedMs: () => number
  readonly limitMs: number
  /** An earlier start has opened the seal of an image that was sealed before: this one is to report. */
  readonly sealOpened: boolean
}

/**
 * Starts a machine with the work image and watches it until it is over.
 *
 * virt-install's exit code decides nothing: 0 only means that the domain is gone. A start is over when the report ends it,
 * when console or libvirt show that it cannot succeed, when the domain is gone, when the time of -t is, or when it has
 * opened the seal of an earlier rewrite.
 *
 * @throws {CvmError} GUEST_*, CLOUD_INIT_*, PAYLOAD_*, BOOT_FILES_FAILED, NO_SPACE, TOOL_FAILED when the domain cannot start.
 */
export async function startGuest(input: GuestStartInput): Promise<GuestRun | 'seal opened'> {
  const { plan, place, libvirt, say, signal, elapsedMs, limitMs } = input
  await using cleanup = new Cleanup()
  const parts = new Map(input.parts.map((part) => [part.name, part]))
  const watch = new GuestWatch(parts, { strict: plan.strict, sealOpened: input.sealOpened })
  const reader = new ConsoleReader()
  const report = new GuestReportReader(plan.nonce)

  const as = libvirt.account === undefined ? {} : { as: libvirt.account }
  const anyAccount = !libvirt.private
  const consolePort = cleanup.use(
    await listenSerialPort({
      socketPath: join(place.socketDir, 'console'),
      logFile: join(place.workDir, CONSOLE_LOG),
      logCapBytes: CONSOLE_LOG_CAP_BYTES,
      onBytes: (chunk) => {
        for (const sign of reader.feed(chunk)) watch.console(sign, elapsedMs())
      },
      ...as,
      anyAccount,
    }),
  )
  const reportPort = cleanup.use(
    await listenSerialPort({
      socketPath: join(place.socketDir, 'report'),
      logFile: join(place.workDir, 'report.log'),
      logCapBytes: REPORT_LOG_CAP_BYTES,
      onBytes: (chunk) => {
        for (const event of report.feed(chunk)) {
          watch.report(event)
          say({ type: 'guest', event, text: guestText(event, parts) })
        }
        if (report.flooded) watch.flooded()
      },
      ...as,
      anyAccount,
    }),
  )

  const call = virtInstallCall({
    uri: libvirt.uri,
    domain: plan.names.domain,
    machine: plan.machine,
    workImage: input.workImage,
    seedIso: input.seedIso,
    ...(await varsFile(input)),
    consoleSocket: consolePort.socketPath,
    reportSocket: reportPort.socketPath,
    oemStrings: [UNSEAL_OEM_STRING, ...(plan.machine.accel === 'tcg' ? [FIXED_ADDRESSES_OEM_STRING] : [])],
  })
  say({ type: 'command', text: showCall(call) })

  const clients = new AbortController()
  cleanup.defer(() => clients.abort(new Error('the boot is over')))
  const asClient: RunOptions = {
    ...as,
    signal: AbortSignal.any([signal, clients.signal]),
    // Should we be killed, they must not wait for ever.
    onStart: (pid) => {
      const started = identifyProcess(pid)
      if (started !== undefined) place.janitor.watchPid(started.pid, started.startTime)
    },
  }
  const install = settled(runTool({ ...call, env: libvirt.env, cwd: '/' }, asClient))
  cleanup.defer(() => endDomain(input))
  watchDomain(input, watch, asClient)

  for (;;) {
    const ended = await Promise.race([install, delay(TICK_MS).then(() => undefined)])
    signal.throwIfAborted()
    if (ended !== undefined) await drained([consolePort, reportPort])
    watch.tick(elapsedMs())
    say({ type: 'console', lines: reader.lastLines(CONSOLE_LINES_SHOWN) })
    const run: GuestRun = {
      events: watch.events,
      consoleTail: reader.lastLines(CONSOLE_TAIL_LINES),
      seconds: elapsedMs() / 1000,
      malformedReportLines: report.malformed,
    }
    input.seen.guest = run
    if (watch.ending?.kind === 'failed') throw withConsole(watch.ending.error, run)
    if (ended !== undefined) return finished(ended, watch, run)
    if (watch.ending?.kind === 'seal opened') return await stopUnsealed(input, install)
    if (watch.ending?.kind === 'done') {
      await poweredOff(libvirt.private ? Promise.race([install, allClosed([consolePort, reportPort])]) : install)
      return run
    }
    if (elapsedMs() > limitMs) throw failureOfTime(run, plan.guestTimeMin, plan.machine.accel)
  }
}

/** virt-install may be gone before we have read what the guest wrote last; a port that was never opened never closes. */
async function drained(ports: readonly SerialPort[]): Promise<void> {
  await Promise.race([allClosed(ports), delay(DRAIN_LIMIT_MS, undefined, { ref: false })])
}

async function allClosed(ports: readonly SerialPort[]): Promise<void> {
  await Promise.all(ports.map((port) => port.closed.catch(() => {})))
}

/** The domain is gone: by itself after `done`, too early, or it never started. */
function finished(ended: Settled, watch: GuestWatch, run: GuestRun): GuestRun {
  if (watch.ending?.kind === 'done') return run
  if ('error' in ended) throw ended.error
  const { result } = ended
  if (result.exitCode !== 0 && run.events.length === 0 && run.consoleTail.length === 0) {
    const words = result.stderr.trim().split('\n').filter(Boolean)
    throw new CvmError('TOOL_FAILED', 'virt-install could not start the guest', {
      // Below its error virt-install tells how to restart a guest that is not there.
      why:
        words.find((line) => line.startsWith('ERROR'))?.replace(/^ERROR +/, '') ??
        words.at(-1) ??
        `exit code ${result.exitCode}`,
      lines: words.slice(-10),
    })
  }
  throw failureOfStoppedGuest(run, watch.stoppedHow)
}

/**
 * After `done` the guest powers off at once; one that does not has nothing more to write, its disks are read-only by then.
 *
 * QEMU closes its serial ports after its disks, and a second before virt-install notices. A libvirt that is not ours has the
 * files' owners to restore then, so there virt-install is waited for.
 */
async function poweredOff(off: Promise<unknown>): Promise<void> {
  const waiting = new AbortController()
  await Promise.race([off, delay(POWER_OFF_LIMIT_MS, undefined, { signal: waiting.signal }).catch(() => {})])
  waiting.abort()
}

type Settled = { readonly result: ToolResult } | { readonly error: unknown }

async function settled(running: Promise<ToolResult>): Promise<Settled> {
  return await running.then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  )
}

/** libvirt tells of restarts and of a full host disk, which the guest cannot. The domain has to be there first. */
function watchDomain({ libvirt, plan, elapsedMs }: GuestStartInput, watch: GuestWatch, options: RunOptions): void {
  const call = { ...domainEventsCall(libvirt.uri, plan.names.domain), env: libvirt.env, cwd: '/' }
  const listen = async () => {
    while (options.signal?.aborted !== true) {
      const onLine = (line: string) => {
        const event = readDomainEvent(line)
        if (event !== undefined) watch.domain(event, elapsedMs())
      }
      await settled(runTool(call, { ...options, onLine }))
      await delay(EVENTS_RETRY_MS, undefined, { ref: false })
    }
  }
  void listen()
}

/** Ends the machine that has opened the seal, so that QEMU has written all to the work image and nothing holds it any more. */
async function stopUnsealed({ libvirt, plan }: GuestStartInput, install: Promise<Settled>): Promise<'seal opened'> {
  const as = libvirt.account === undefined ? {} : { as: libvirt.account }
  const call = { ...stopCall(libvirt.uri, plan.names.domain), env: libvirt.env, cwd: '/' }
  await runToolOrFail(call, { ...as, timeoutMs: STOP_LIMIT_MS })
  await install
  return 'seal opened'
}

/** Ours by its name, which holds the run's id; gone already in the usual case. A private daemon ends its machines itself. */
async function endDomain({ libvirt, plan, place }: GuestStartInput): Promise<void> {
  if (libvirt.private) return
  const { uri, env } = libvirt
  const pool = basename(place.bootDir)
  for (const call of [destroyCall(uri, plan.names.domain), ...dropPoolCalls(uri, pool)]) {
    await settled(runTool({ ...call, env, cwd: '/' }, { timeoutMs: DESTROY_LIMIT_MS }))
  }
}

/** UEFI writes its variables: a copy of the template, for this boot only. */
async function varsFile({ plan, place, libvirt, sealOpened }: GuestStartInput): Promise<{ varsFile?: string }> {
  if (plan.machine.firmware.kind === 'bios') return {}
  // A name of its own: a libvirt of the system may have changed the first one's owner.
  const path = join(place.bootDir, sealOpened ? 'vars-2.fd' : 'vars.fd')
  await copyFile(plan.machine.firmware.vars, path)
  if (libvirt.account !== undefined) await chown(path, libvirt.account.uid, libvirt.account.gid)
  return { varsFile: path }
}

/** What the console said last belongs to every failure that is not the report's own. */
function withConsole(error: CvmError, run: GuestRun): CvmError {
  if (error.lines.length > 0) return error
  return new CvmError(error.code, error.message, {
    ...(error.why === undefined ? {} : { why: error.why }),
    next: error.next,
    lines: run.consoleTail,
    cause: error,
  })
}

const CONSOLE_LOG_CAP_BYTES = 16 * 1024 * 1024
const REPORT_LOG_CAP_BYTES = 4 * 1024 * 1024
const CONSOLE_TAIL_LINES = 20
const CONSOLE_LINES_SHOWN = 5
const TICK_MS = 200
const DRAIN_LIMIT_MS = 1_000
const POWER_OFF_LIMIT_MS = 60_000
const EVENTS_RETRY_MS = 500
const DESTROY_LIMIT_MS = 15_000
const STOP_LIMIT_MS = 60_000

/** In the work directory, and so in what is kept of a failed run. */
export const CONSOLE_LOG = 'console.log'
export const UNSEALING_CONSOLE_LOG = 'console-unsealing.log'

import { ConsoleReader } from '../guest/console.js'
import type { ConsolePort } from '../guest/console-choice.js'
import { Cleanup } from '../host/cleanup.js'
import { waitForSshBanner } from '../host/ssh-banner.js'
import { CvmError } from '../model/errors.js'
import type { Say } from '../model/events.js'
import type { LaunchConfig, QemuFlavour } from '../model/launch.js'
import type { BootHooks, BootPlace } from './boot-hooks.js'
import { sshPortOf } from './boot-ports.js'
import { networkLines, type PreparedBoot } from './boot-prepare.js'
import { startBoot } from './boot-start.js'
import { crashed, noSpace, timedOut } from './boot-verdict.js'
import { type BootVerdict, BootWatch } from './boot-watch.js'
import { Wake } from './wake.js'

export interface BootRunInput {
  readonly prepared: PreparedBoot
  readonly flavour: QemuFlavour
  readonly humanMonitor: string | undefined
  readonly place: BootPlace
  readonly hooks: BootHooks
  readonly say: Say
  readonly signal: AbortSignal
}

/** What was seen of a machine that has ended. */
export interface SeenBoot {
  /** What consoles and machine say; what the probe says is not in it. */
  readonly verdict: BootVerdict
  readonly watch: BootWatch
  /** The machine that ran. */
  readonly config: LaunchConfig
  /** The last console lines before the verdict, printable. */
  readonly tail: readonly string[]
  /** From the start of the machine to the verdict. */
  readonly seconds: number
}

/** Runs the machine until there is a verdict, and ends it. */
export async function runBoot({
  prepared,
  flavour,
  humanMonitor,
  place,
  hooks,
  say,
  signal,
}: BootRunInput): Promise<SeenBoot> {
  const { config, limitMin } = prepared
  const limitMs = limitMin === undefined ? undefined : limitMin * 60_000
  const watch = new BootWatch(PATIENCE[config.accel], { held: hooks.probe !== undefined })
  const wake = new Wake()
  let startedAt = performance.now()
  const now = () => performance.now() - startedAt
  const consoles = new Consoles()

  let told = 0
  const tellMilestones = () => {
    for (const { name, seconds, detail } of watch.milestones.slice(told)) {
      say({ type: 'step', text: `${name} after ${seconds.toFixed(1)} s${detail === '' ? '' : ` (${detail})`}` })
    }
    told = watch.milestones.length
  }

  const listen = (name: ConsolePort) => (chunk: Buffer) => {
    hooks.onConsole?.(name, chunk)
    for (const sign of consoles.feed(name, chunk)) watch.sign(sign, now())
    tellMilestones()
    const lines = consoles.newLines(name)
    if (lines.length > 0) say({ type: 'console', lines })
    if (watch.initSeen) ssh.start()
    wake.up()
  }

  await using made = new Cleanup()
  const ssh = sshLookout({
    port: () => sshPortOf(started),
    slow: config.accel === 'tcg',
    onBanner: (banner) => {
      watch.sshBanner(banner, now())
      tellMilestones()
    },
  })
  made.defer(() => ssh.stop())
  const tpm = config.tpm ? await hooks.startTpm?.(place) : undefined
  if (tpm !== undefined) made.use(tpm)
  let started = config
  const { machine: running, ...boot } = await startBoot(
    {
      config,
      ...place,
      flavour,
      humanMonitor,
      ...(tpm === undefined ? {} : { tpm: tpm.socketPath }),
      onSerial: listen('ttyS0'),
      onVirtioConsole: listen('hvc0'),
      ...(hooks.probe === undefined
        ? {}
        : {
            onProbe: (chunk: Buffer) => {
              hooks.probe?.take(chunk)
              if (hooks.probe?.answered === true) watch.release()
              wake.up()
            },
          }),
      onEvent: ({ event, data }) => {
        if (event === 'RESET') watch.reset()
        else if (event === 'SHUTDOWN' && data['guest'] === true) {
          if (hooks.session !== undefined) watch.shutDown(now())
          else watch.poweredOff(now())
        } else if (event === 'BLOCK_IO_ERROR' && data['nospace'] === true) watch.fail(noSpace(place.scratchDir))
        wake.up()
      },
      onCommand: (text) => say({ type: 'command', text }),
    },
    prepared.chosen,
  )
  made.use(running)
  started = boot.config
  sayChanges(config, started, say)
  startedAt = performance.now()
  if (limitMs !== undefined) say({ type: 'guest-time', limitMs })
  hooks.onStarted?.(running)

  let crash: CvmError | undefined
  running.ended.then(
    (result) => {
      crash = crashed(result.stderr, result.signal ?? `exit code ${result.exitCode}`)
      wake.up()
    },
    (error) => {
      crash = error instanceof CvmError ? error : crashed('', String(error))
      wake.up()
    },
  )
  const { session } = hooks
  session?.onOver(() => wake.up())
  const onAbort = () => wake.up()
  let decided: Pick<SeenBoot, 'seconds' | 'tail'> | undefined
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for (;;) {
      signal.throwIfAborted()
      watch.tick(now())
      if (session?.over === true) watch.left(now())
      if (crash !== undefined) watch.fail(crash)
      if (watch.verdict === undefined && limitMs !== undefined && now() >= limitMs) {
        watch.endOfTime(timedOut(limitMs, consoles.tail()))
        session?.tell(`the limit of ${limitMs / 60_000} min is over; the machine runs on until you leave with Ctrl-]`)
      }
      // What a person does afterwards is no part of it.
      if (watch.verdict !== undefined) decided ??= { tail: consoles.tail(), seconds: Math.round(now() / 100) / 10 }
      // A person may want to look at the very thing that decided it.
      const stays = session !== undefined && !session.over && crash === undefined
      if (watch.verdict !== undefined && decided !== undefined && !stays) {
        return { verdict: watch.verdict, watch, config: started, ...decided }
      }
      // Once there is a verdict, only the person or the machine end it.
      const next = watch.verdict === undefined ? soonest(limitMs, watch.settledAtMs) : undefined
      await wake.sleep(next === undefined ? undefined : next - now())
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function soonest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** Asks the guest's SSH server who it is, from `start` on, until it has told. Nothing waits for it. */
function sshLookout(input: {
  readonly port: () => number | undefined
  readonly slow: boolean
  readonly onBanner: (banner: string) => void
}): { start(): void; stop(): void } {
  const stopping = new AbortController()
  let begun = false
  return {
    start() {
      const port = input.port()
      if (begun || port === undefined) return
      begun = true
      const times = input.slow ? { pauseMs: 2_000, tryMs: 15_000 } : { pauseMs: 500, tryMs: 5_000 }
      waitForSshBanner({ port, ...times, signal: stopping.signal }).then(
        (banner) => {
          if (banner !== undefined && !stopping.signal.aborted) input.onBanner(banner)
        },
        () => {},
      )
    },
    stop: () => stopping.abort(),
  }
}

function sayChanges(planned: LaunchConfig, started: LaunchConfig, say: Say): void {
  if (planned === started) return
  for (const text of networkLines(started)) say({ type: 'step', text: `chosen anew: ${text}` })
}

/** The guest may speak on the serial port, the virtio console or both: of the one with more to say the last lines are shown. */
class Consoles {
  readonly #readers: Readonly<Record<ConsolePort, ConsoleReader>> = {
    ttyS0: new ConsoleReader(),
    hvc0: new ConsoleReader(),
  }
  readonly #bytes: Record<ConsolePort, number> = { ttyS0: 0, hvc0: 0 }

  feed(name: ConsolePort, chunk: Buffer) {
    this.#bytes[name] += chunk.length
    return this.#readers[name].feed(chunk)
  }

  newLines(name: ConsolePort): readonly string[] {
    return this.#readers[name].newLines(LINES_PER_EVENT)
  }

  tail(): readonly string[] {
    return this.#readers[this.#bytes.hvc0 > this.#bytes.ttyS0 ? 'hvc0' : 'ttyS0'].lastLines(TAIL_LINES)
  }
}

const TAIL_LINES = 20
const LINES_PER_EVENT = 50
/** Emulation is ten times slower: late failures and a late prompt get more time. */
const PATIENCE = {
  kvm: { afterLoginMs: 3_000, afterTargetMs: 10_000 },
  tcg: { afterLoginMs: 8_000, afterTargetMs: 30_000 },
} as const

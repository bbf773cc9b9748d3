import { CvmError } from '../model/errors.js'
import { qemuLastWords } from '../tools/qemu-system.js'
import type { BootProbe } from './boot-hooks.js'
import type { PreparedBoot } from './boot-prepare.js'
import type { BootTestRequest, BootTestResult } from './boot-request.js'
import type { SeenBoot } from './boot-run.js'
import type { BootVerdict } from './boot-watch.js'

export interface BootJudgement {
  readonly request: BootTestRequest
  readonly prepared: PreparedBoot
  readonly seen: SeenBoot
  readonly probe: BootProbe | undefined
}

/** Makes one result of what was asked, decided and seen. Only a guest that came up is judged further. */
export function judgeBoot({ request, prepared, seen, probe }: BootJudgement): BootTestResult {
  const { watch, config, tail, seconds } = seen
  const { firmware, accelWhy, limitMin } = prepared
  const strict = request.strict ? strictVerdict(seen.verdict, watch.failedUnits) : seen.verdict
  return {
    verdict: strict.ok && probe !== undefined ? probe.judge(strict) : strict,
    milestones: watch.milestones,
    failedUnits: watch.failedUnits,
    outOfMemory: watch.outOfMemory,
    restarts: watch.resets,
    seconds,
    ...(limitMin === undefined ? {} : { limitMin }),
    firmware,
    accel: config.accel,
    accelWhy,
    memoryMiB: config.memoryMiB,
    vcpus: config.vcpus,
    launch: config,
    unsaved: [],
    tail,
  }
}

function strictVerdict(verdict: BootVerdict, failedUnits: readonly string[]): BootVerdict {
  if (!verdict.ok || failedUnits.length === 0) return verdict
  const message = `${failedUnits.length === 1 ? 'A unit' : `${failedUnits.length} units`} of the guest failed`
  return { ok: false, error: new CvmError('GUEST_UNITS_FAILED', message, { why: failedUnits.join(', ') }) }
}

/** The time is over; `tail`: the last console lines. */
export function timedOut(limitMs: number, tail: readonly string[]): CvmError {
  const message = `The guest did not come up within ${limitMs / 60_000} min`
  const last = tail.at(-1)
  if (last !== undefined) return new CvmError('GUEST_TIMED_OUT', message, { why: `its last console line was: ${last}` })
  return new CvmError('GUEST_TIMED_OUT', message, {
    why: 'it printed nothing, neither on its serial port nor on a virtio console',
    next: 'If the guest only speaks to a screen, add console=ttyS0 to its kernel command line; else try the other --firmware.',
  })
}

/** QEMU ended while the guest ran. */
export function crashed(stderr: string, ending: string): CvmError {
  const words = qemuLastWords(stderr)
  // It loads them after its start, when it runs for us already.
  if (/\b(?:could not load (?:kernel|initrd)|invalid kernel header|error reading initrd)/.test(words)) {
    const next = 'Give a kernel with -k that QEMU can load, such as a vmlinuz.'
    return new CvmError('LAUNCH_INVALID', 'QEMU cannot load what is to be started directly', { why: words, next })
  }
  return new CvmError('GUEST_CRASHED', `QEMU ended by itself (${ending})`, words === '' ? {} : { why: words })
}

/** A write of the guest found no room. */
export function noSpace(dir: string): CvmError {
  return new CvmError('NO_SPACE', 'The throw-away layer of the disk ran out of room', {
    why: `no space is left in ${dir}`,
  })
}

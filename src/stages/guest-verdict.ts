import type { ConsoleSign } from '../guest/console-signs.js'
import { FATAL_SIGNS } from '../guest/console-signs.js'
import type { ErrorCode } from '../model/error-table.js'
import { CvmError } from '../model/errors.js'
import type { CloudInitStatus, EventOf, GuestEvent, GuestEventName } from '../model/guest-report.js'
import type { Accelerator } from '../model/image.js'
import type { SeedPart } from '../model/rewrite.js'

/** All that is known about a guest boot when it has ended or is being judged while it runs. */
export interface GuestRun {
  readonly events: readonly GuestEvent[]
  /** Last lines of the console, printable. */
  readonly consoleTail: readonly string[]
  readonly seconds: number
  /** Report lines with the right nonce that did not follow the protocol. */
  readonly malformedReportLines: number
}

/** The seed's names of parts back to what a plugin author knows. */
export type PartNames = ReadonlyMap<string, SeedPart>

/**
 * The report's own failure, if it tells of one: the first that counts.
 *
 * The order is that of cause and effect: no room, payload, a script, boot files, cloud-init itself.
 */
export function failureInReport(
  events: readonly GuestEvent[],
  parts: PartNames,
  strict: boolean,
): CvmError | undefined {
  const space = firstOf(events, 'no-space')
  if (space !== undefined) {
    return new CvmError(
      'GUEST_NO_SPACE',
      `the files of the plugins need ${mib(space.needKiB)} MiB, the guest's root has ${mib(space.freeKiB)} MiB free`,
    )
  }
  const payload = firstOf(events, 'payload')
  if (payload !== undefined && payload.rc !== 0) return payloadFailure(payload)
  const lines = events.filter((event) => event.event === 'runcmd-failed')
  if (lines.length > 0) return runcmdFailure(lines, parts)
  const failed = firstOf(events, 'failed')
  if (failed !== undefined) return partFailure(failed, events, parts)
  const status = firstOf(events, 'cloud-init')
  if (status === undefined) return undefined
  return lostPart(status, parts) ?? cloudInitFailure(status, strict)
}

/** The console shows that the guest gets no further by itself. */
export function failureOnConsole(sign: ConsoleSign): CvmError | undefined {
  const code = FATAL_SIGNS[sign.kind]
  return code === undefined ? undefined : new CvmError(code, sign.line, sign.detail === '' ? {} : { why: sign.detail })
}

/** The domain is gone without `done`; `how` is libvirt's word for its end, when it told one (Shutdown, Crashed, Destroyed, Failed). */
export function failureOfStoppedGuest(run: GuestRun, how?: string): CvmError {
  const last = run.events.at(-1)
  const after = run.seconds.toFixed(0)
  const got = last === undefined ? 'it reported nothing' : `its last report was "${last.event}"`
  if (how !== undefined && how !== 'Shutdown') {
    return new CvmError(
      'GUEST_CRASHED',
      `the virtual machine ended after ${after} s without the guest's doing: ${got}`,
      {
        why: `libvirt says: ${how}`,
        lines: run.consoleTail,
      },
    )
  }
  return new CvmError('GUEST_STOPPED_EARLY', `the guest stopped after ${after} s without having finished: ${got}`, {
    lines: run.consoleTail,
  })
}

/** The time of -t is over. */
export function failureOfTime(run: GuestRun, minutes: number, accel: Accelerator): CvmError {
  if (run.events.length === 0 && run.consoleTail.length === 0) return failureOfSilence(minutes, accel)
  const doing = currentPart(run.events)
  return new CvmError('GUEST_TIMED_OUT', `the guest was not done within ${minutes} min`, {
    why: doing === undefined ? whatItReached(run.events) : `it was running ${doing}`,
    lines: run.consoleTail,
  })
}

/** Not a byte: the machine hangs, or the guest only speaks to a screen. */
function failureOfSilence(minutes: number, accel: Accelerator): CvmError {
  return new CvmError('GUEST_TIMED_OUT', `the guest gave no sign of life within ${minutes} min`, {
    why: 'neither its firmware nor its kernel has printed anything on the serial port',
    next:
      accel === 'kvm'
        ? 'Try --accel tcg: a machine that hangs under KVM is silent from the start. Else try the other --firmware.'
        : 'Try the other --firmware (uefi or bios), or give more minutes with -t.',
  })
}

/** The virtual machine stands still and nobody lets it go on. */
export function failureOfHeldMachine(): CvmError {
  return new CvmError('GUEST_CRASHED', 'the virtual machine was stopped in the middle of its work', {
    why: 'libvirt says: suspended; QEMU does that when the CPU of the machine cannot go on (a KVM internal error)',
  })
}

/** The guest is up, but nothing of ours has run in it. */
export function failureOfSilentCloudInit(signs: readonly ConsoleSign[]): CvmError {
  const ran = signs.filter((sign) => sign.kind === 'cloud-init')
  if (ran.length === 0) {
    return new CvmError(
      'CLOUD_INIT_NOT_STARTED',
      'the guest reached its login prompt, and cloud-init has printed nothing',
      {
        why: 'cloud-init is not installed in the image, or it is disabled',
      },
    )
  }
  const datasource = ran.map((sign) => /Datasource (\S+)/.exec(sign.line)?.[1]).find((name) => name !== undefined)
  return new CvmError('CLOUD_INIT_OTHER_DATASOURCE', "cloud-init ran in the guest, but did not take this run's seed", {
    why: datasource === undefined ? 'its datasource_list does not lead to NoCloud' : `it took ${datasource}`,
  })
}

/** The image was sealed by an earlier rewrite, and a start that was to open the seal did not. */
export function failureOfClosedSeal(): CvmError {
  return new CvmError(
    'CLOUD_INIT_NOT_STARTED',
    'the image was sealed by an earlier rewrite, and its seal did not open',
    {
      why: "the guest's systemd takes no credentials from its machine: it is older than 252, or the guest runs as a confidential VM",
      next: 'Rewrite the image from which this one was made.',
    },
  )
}

function payloadFailure(payload: EventOf<'payload'>): CvmError {
  const conflict = /Cannot (open|mkdir|create symlink|unlink)|exists|Is a directory|Not a directory/.test(payload.tail)
  return new CvmError(
    conflict ? 'PAYLOAD_CONFLICT' : 'PAYLOAD_NOT_UNPACKED',
    'the files of the plugins could not be unpacked in the guest',
    {
      why: lastLine(payload.tail),
      lines: payload.tail.split('\n'),
    },
  )
}

function runcmdFailure(lines: readonly EventOf<'runcmd-failed'>[], parts: PartNames): CvmError {
  const [first] = lines
  const of = [...parts.values()].find(
    (part) =>
      part.plugin !== undefined &&
      first !== undefined &&
      (part.runcmd ?? []).some((line) => line.includes(first.command)),
  )
  const who = of === undefined ? 'a runcmd line' : `${of.plugin}: a runcmd line of ${of.file}`
  return new CvmError('GUEST_RUNCMD_FAILED', `${who} exited ${first?.rc ?? 1}: ${first?.command ?? ''}`, {
    lines: lines.map((line) => `exit ${line.rc}: ${line.command}`),
  })
}

function partFailure(failed: EventOf<'failed'>, events: readonly GuestEvent[], parts: PartNames): CvmError {
  const end = events.findLast((event) => event.event === 'part-end' && event.part === failed.part)
  const start = events.findLast((event) => event.event === 'part-start' && event.part === failed.part)
  const tail = end?.event === 'part-end' ? end.tail.split('\n').filter(Boolean) : []
  const seconds = end === undefined || start === undefined ? '' : ` after ${(end.s - start.s).toFixed(1)} s`
  const details = { why: tail.at(-1) ?? 'it printed nothing', lines: tail.slice(-LAST_LINES) }
  if (failed.part === 'restart') return restartFailure(events, parts)
  if (failed.part === 'boot-files')
    return new CvmError('BOOT_FILES_FAILED', `rebuilding the boot files exited ${failed.rc}${seconds}`, details)
  const own = OWN_FAILURES[failed.part]
  if (own !== undefined) return new CvmError(own.code, own.what, details)
  const part = parts.get(failed.part)
  const where = part?.plugin === undefined ? failed.part : `${part.plugin}: ${part.file}`
  const skip = part?.plugin === undefined ? {} : { next: `Mend the script, or skip it with --skip ${part.plugin}` }
  return new CvmError('GUEST_SCRIPT_FAILED', `${where} exited ${failed.rc}${seconds}`, { ...details, ...skip })
}

/** The boothook found at a second start that the scripts had begun: cloud-init does not run them again. */
function restartFailure(events: readonly GuestEvent[], parts: PartNames): CvmError {
  const name = currentPart(events)
  const part = name === undefined ? undefined : parts.get(name)
  const where = part?.plugin === undefined ? (name ?? 'its scripts') : `${part.plugin}: ${part.file}`
  return new CvmError('GUEST_STOPPED_EARLY', `the guest restarted in the middle of ${where}`, {
    why: 'what comes after a restart is not run',
    next: 'A script of a plugin must not restart the guest: the finished image starts anew anyway.',
  })
}

function cloudInitFailure(status: EventOf<'cloud-init'> & CloudInitStatus, strict: boolean): CvmError | undefined {
  if (!status.finished)
    return new CvmError('CLOUD_INIT_FAILED', 'cloud-init did not finish in the guest', {
      lines: [...status.errors, ...status.warnings],
    })
  if (status.errors.length > 0)
    return new CvmError('CLOUD_INIT_FAILED', `cloud-init reported ${status.errors.length} errors`, {
      why: status.errors[0] ?? '',
      lines: status.errors,
    })
  if (strict && status.warnings.length > 0)
    return new CvmError('CLOUD_INIT_DEGRADED', `cloud-init finished with ${status.warnings.length} warnings`, {
      lines: status.warnings,
    })
  return undefined
}

/** cloud-init only warns of a part that it could not merge or read, and goes on without what a plugin asked for. */
function lostPart(status: CloudInitStatus, parts: PartNames): CvmError | undefined {
  for (const line of status.warnings) {
    const name = LOST_PART.exec(line)?.[1]
    if (name === undefined) continue
    const part = parts.get(name)
    const where = part?.plugin === undefined ? name : `${part.plugin}: ${part.file}`
    return new CvmError('CLOUD_INIT_FAILED', `cloud-init left out ${where}`, {
      why: line,
      next: 'Mend that part: the warning says what cloud-init could not do with it.',
      lines: status.warnings,
    })
  }
  return undefined
}

function currentPart(events: readonly GuestEvent[]): string | undefined {
  const last = events.findLast((event) => event.event === 'part-start' || event.event === 'part-end')
  return last?.event === 'part-start' ? last.part : undefined
}

function whatItReached(events: readonly GuestEvent[]): string {
  return events.length === 0
    ? 'nothing of this run had started in it yet'
    : `its last report was "${events.at(-1)?.event}"`
}

function firstOf<Name extends GuestEventName>(events: readonly GuestEvent[], name: Name): EventOf<Name> | undefined {
  return events.find((event): event is EventOf<Name> => event.event === name)
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? ''
}

function mib(kib: number): string {
  return (kib / 1024).toFixed(0)
}

const OWN_FAILURES: Readonly<Record<string, { readonly code: ErrorCode; readonly what: string }>> = {
  'grub-settings': { code: 'BOOT_FILES_FAILED', what: 'the boot loader of this guest cannot be set as plugins ask' },
  'grub-check': { code: 'BOOT_FILES_FAILED', what: 'the kernel entries are not as plugins ask' },
  'initrd-settings': { code: 'BOOT_FILES_FAILED', what: 'the initrd of this guest cannot be made as plugins ask' },
  'initrd-check': { code: 'BOOT_FILES_FAILED', what: 'the initrds do not hold what plugins ask for' },
  'ima-settings': { code: 'IMA_FAILED', what: 'this guest cannot do what plugins ask of IMA' },
  'ima-label': { code: 'IMA_FAILED', what: 'the files have not the labels that their policy asks for' },
  'rootfs-install': { code: 'ROOTFS_FAILED', what: 'the packages that plugins bring could not be installed' },
  'rootfs-settings': { code: 'ROOTFS_FAILED', what: 'the root file system could not be changed as plugins ask' },
  'rootfs-check': { code: 'ROOTFS_FAILED', what: 'the root file system is not as plugins ask' },
  'read-only': { code: 'ROOTFS_FAILED', what: 'not everything is read-only that is to be so' },
  'read-only-open': { code: 'ROOTFS_FAILED', what: 'what an earlier rewrite made read-only could not be opened' },
  requires: { code: 'GUEST_SCRIPT_FAILED', what: 'the guest has not what plugins require' },
}
const LAST_LINES = 20
// handlers/cloud_config.py and handlers/jinja_template.py of cloud-init.
const LOST_PART = /(?:Failed at merging in cloud config part from|Ignoring jinja template for) ([\w.-]+)/

import { dirname, join } from 'node:path'
import { CvmError } from '../model/errors.js'
import { besideImage, launchFileOf } from '../model/output-names.js'
import type { Machine, RewritePlan, RewriteRequest, Survey } from '../model/rewrite.js'

/** What a plan takes from outside the request and the survey: chance and the clock. */
export interface Fates {
  readonly runId: string
  readonly nonce: string
  readonly now: Date
  /** Absolute. */
  readonly output: string
}

/**
 * Decides everything: pure, so that what `--dry-run` prints is what a run would do.
 *
 * @throws {CvmError} HOST_TOO_SMALL when the machine has not the CPUs or the memory.
 */
export function planRewrite(request: RewriteRequest, survey: Survey, fates: Fates): RewritePlan {
  const dir = dirname(fates.output)
  const time = guestTime(request, survey)
  return {
    version: 1,
    runId: fates.runId,
    nonce: fates.nonce,
    startedAt: fates.now.toISOString(),
    input: survey.image,
    layout: survey.layout,
    output: fates.output,
    force: request.force,
    sources: survey.sources,
    plugins: survey.plugins,
    machine: planMachine(request, survey),
    guestTimeMin: time.minutes,
    guestTimeWhy: time.why,
    ...(request.connect === undefined ? {} : { connect: request.connect }),
    names: {
      domain: `cvm-rewrite-${fates.runId}`,
      instanceId: `iid-cvm-rewrite-${fates.runId}`,
      workDir: join(dir, `.cvm-rewrite-${fates.runId}`),
      failedDir: besideImage(fates.output, `.failed-${fates.runId}`),
      launch: launchFileOf(fates.output),
      report: besideImage(fates.output, '.report.json'),
    },
    variables: survey.variables,
    options: survey.options,
    secrets: survey.secrets,
    wishes: survey.wishes,
    ...(survey.launch === undefined ? {} : { launch: survey.launch }),
    ...(request.firmwareImage === undefined ? {} : { firmwareImage: request.firmwareImage }),
    ...(survey.outputFirmware === undefined ? {} : { outputFirmware: survey.outputFirmware }),
    strict: request.strict,
    keepFailed: request.keepFailed,
    ...(request.listing === undefined ? {} : { listing: request.listing }),
    notes: survey.notes,
  }
}

function planMachine(request: RewriteRequest, survey: Survey): Machine {
  const vcpus = request.vcpus ?? Math.min(DEFAULT_VCPUS, survey.hostCpus)
  if (vcpus > survey.hostCpus) {
    throw new CvmError('HOST_TOO_SMALL', `--vcpus ${vcpus}, but this machine has ${survey.hostCpus} CPUs`)
  }
  const memoryMiB = request.memoryMiB ?? DEFAULT_MEMORY_MIB
  if (memoryMiB > survey.hostMemoryMiB) {
    throw new CvmError(
      'HOST_TOO_SMALL',
      `the guest is to have ${memoryMiB} MiB of memory, but ${survey.hostMemoryMiB} MiB are free here`,
    )
  }
  return {
    accel: survey.accel,
    accelWhy: survey.accelWhy,
    firmware: survey.uefi === undefined ? { kind: 'bios' } : { kind: 'uefi', ...survey.uefi },
    memoryMiB,
    vcpus,
  }
}

/** A `-t` that is given is obeyed exactly; only the default knows about the accelerator. */
function guestTime(request: RewriteRequest, survey: Survey): { minutes: number; why: string } {
  if (request.guestTimeMin !== undefined) return { minutes: request.guestTimeMin, why: 'given with -t' }
  if (survey.accel === 'kvm') return { minutes: KVM_DEFAULT_MIN, why: 'the default' }
  return { minutes: TCG_DEFAULT_MIN, why: 'the default without KVM, which takes 10 to 20 times as long' }
}

const DEFAULT_VCPUS = 2
const DEFAULT_MEMORY_MIB = 2048
/** As in the bash tool that this replaces. */
const KVM_DEFAULT_MIN = 3
const TCG_DEFAULT_MIN = 20

import { chown } from 'node:fs/promises'
import { join } from 'node:path'
import { Cleanup } from '../host/cleanup.js'
import { assertUnchanged, sha256File } from '../image/file-identity.js'
import { CvmError } from '../model/errors.js'
import type { Say } from '../model/events.js'
import { EXIT } from '../model/exit.js'
import type { RewriteReport } from '../model/report.js'
import type { RewritePlan } from '../model/rewrite.js'
import { fromSystem } from '../model/system-error.js'
import { bootGuest } from '../stages/cloud-init.js'
import { connectLibvirt } from '../stages/connect-libvirt.js'
import { firmwareOfOutput, signInRun } from '../stages/firmware-of-run.js'
import { keepFailure } from '../stages/keep-failure.js'
import { saysKeptKey } from '../stages/kept-key.js'
import { makeWorkImage } from '../stages/make-work-image.js'
import { packSeed } from '../stages/pack-seed.js'
import { postStage } from '../stages/post-stage.js'
import { preStage } from '../stages/pre-stage.js'
import { launchOfOutput, publishFirmware, publishLaunch, publishOutput } from '../stages/publish-output.js'
import { writeReport } from '../stages/report.js'
import { openRunPlace } from '../stages/run-place.js'
import { RunRecord } from '../stages/run-record.js'

/**
 * The whole program: a plan becomes an image and its report, or an error and what helps to understand it.
 *
 * @throws {CvmError} as the stages say; by then the output is as it was before, unless only a file beside it could not be published.
 */
export async function rewrite(
  plan: RewritePlan,
  tools: Readonly<Record<string, string>>,
  tell: Say,
  signal: AbortSignal,
): Promise<RewriteReport> {
  const record = new RunRecord(plan, tools)
  const say = record.listen(tell)
  await using cleanup = new Cleanup()
  const place = cleanup.use(await openRunPlace(plan))
  for (const text of place.notes) say({ type: 'note', text })
  try {
    say({ type: 'stage', stage: 'pre-stage', number: 1, text: 'plugins on the host' })
    // The daemon takes its seconds while the plugins run.
    const connecting = connectLibvirt(plan, place)
    connecting.catch(() => {})
    cleanup.defer(async () => await (await connecting.catch(() => undefined))?.[Symbol.asyncDispose]())
    const work = await record.time('work image', makeWorkImage(plan, place, say))
    const collected = await record.time('pre-stage', preStage(plan, place, work, say, signal))
    record.parts = collected.parts
    const firmware = await firmwareOfOutput(plan, collected)
    for (const text of firmware?.notes ?? []) say({ type: 'note', text })
    const launch = launchOfOutput(plan, collected, firmware)

    say({ type: 'stage', stage: 'cloud-init', number: 2, text: 'one boot of the guest' })
    const seedIso = await record.time('pack seed', packSeed(plan, collected, place, say, signal))
    const libvirt = await record.time('libvirt', connecting)
    if (libvirt.account !== undefined) await chown(work.path, libvirt.account.uid, libvirt.account.gid)
    const hashing = sha256File(plan.input.path)
    hashing.catch(() => {})
    const guest = await record.time(
      'guest',
      bootGuest({
        plan,
        place,
        libvirt,
        workImage: work.path,
        seedIso,
        parts: collected.parts,
        say,
        signal,
        seen: record,
      }),
    )

    // The daemon takes a second to end, and is not needed any more.
    Promise.resolve(libvirt[Symbol.asyncDispose]()).catch(() => {})

    say({ type: 'stage', stage: 'post-stage', number: 3, text: 'checks, compact copy, publish' })
    record.inputSha256 = await hashing
    if (firmware !== undefined) {
      const disk = { path: work.path, layout: plan.layout, accel: plan.machine.accel, janitor: place.janitor, signal }
      record.chain = await record.time('secure boot', signInRun(firmware, disk, place, say))
    }
    const holdsPrivateKey = firmware?.guestSigner !== undefined || saysKeptKey(guest, say)
    const reportSoFar = record.report
    const candidate = await record.time('post-stage', postStage({ plan, place, work, guest, reportSoFar, say, signal }))
    record.checks = candidate.checks
    await assertUnchanged(plan.input.path, plan.input.identity)
    signal.throwIfAborted()
    record.finished = candidate.path
    await record.time('publish', publishOutput(plan, place, { path: candidate.path, holdsPrivateKey }))
    record.finished = undefined
    if (firmware !== undefined) record.firmware = { ...firmware, sha256: await publishFirmware(plan, place, firmware) }
    if (launch !== undefined) await publishLaunch(plan, place, launch)
    record.output = candidate.facts
    record.launch = launch
    const report = record.report()
    await writeReport(plan.names.report, report, plan.runId)
    return report
  } catch (thrown) {
    const error = await orInputChanged(fromSystem(thrown), plan)
    await keepFailure({ plan, place, record, error, workImage: join(place.bootDir, 'work.qcow2'), say })
    throw record.hide(error)
  }
}

/** A guest whose disk was exchanged under it fails in any way; that the input changed is the reason worth telling. */
async function orInputChanged(error: unknown, plan: RewritePlan): Promise<unknown> {
  if (!(error instanceof CvmError) || !FAILURES_OF_THE_GUEST.has(error.exitCode)) return error
  return await assertUnchanged(plan.input.path, plan.input.identity).then(
    () => error,
    (changed: unknown) => changed,
  )
}

const FAILURES_OF_THE_GUEST: ReadonlySet<number> = new Set([EXIT.guest, EXIT.check, EXIT.timeout])

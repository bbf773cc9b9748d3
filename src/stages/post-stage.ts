import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runTool } from '../host/run-tool.js'
import { compactImage } from '../image/compact.js'
import { sha256File } from '../image/file-identity.js'
import { virtualSizeOf, type WorkImage } from '../image/work-image.js'
import { CvmError } from '../model/errors.js'
import type { Say } from '../model/events.js'
import type { FileFacts } from '../model/report.js'
import type { CheckResult, RewritePlan } from '../model/rewrite.js'
import { checkCall, readCheck } from '../tools/qemu-img.js'
import { last } from './guest-facts.js'
import type { GuestRun } from './guest-verdict.js'
import { runHostScript } from './pre-stage.js'
import { copiesIn } from './private-copy.js'
import type { RunPlace } from './run-place.js'
import { isSeal } from './sealing.js'

/** A compact copy that passed every check, not yet under the output's name. */
export interface Candidate {
  readonly path: string
  readonly checks: readonly CheckResult[]
  readonly facts: FileFacts & { readonly virtualSizeBytes: number }
}

export interface PostStageInput {
  readonly plan: RewritePlan
  readonly place: RunPlace
  readonly work: WorkImage
  readonly guest: GuestRun
  /** The report so far, for host scripts. */
  readonly reportSoFar: (checks: readonly CheckResult[]) => unknown
  readonly say: Say
  readonly signal: AbortSignal
}

/**
 * The post-stage on the host: a compact copy, the built-in checks on it, the plugins' host scripts.
 *
 * @throws {CvmError} CHECK_FAILED, POST_SCRIPT_FAILED, NO_SPACE: nothing is published then.
 */
export async function postStage(input: PostStageInput): Promise<Candidate> {
  const { plan, place, work, guest, say, signal } = input
  const path = join(place.workDir, 'candidate.qcow2')
  say({ type: 'step', text: 'writing a compact copy' })
  await compactImage(work.path, path, signal)
  const checks = [...reportChecks(plan, guest), await imageCheck(path)]
  const failed = checks.find((check) => !check.ok)
  if (failed !== undefined) {
    throw new CvmError('CHECK_FAILED', `check "${failed.name}": ${failed.detail}`, {
      lines: checks.filter((check) => !check.ok).map((check) => `${check.name}: ${check.detail}`),
    })
  }
  await runHostScripts(input, path, checks)
  // Host scripts may have changed it, and must have left it sound; what is published is what these numbers say.
  const after = await imageCheck(path)
  if (!after.ok)
    throw new CvmError('CHECK_FAILED', `a host script of the post-stage damaged the image: ${after.detail}`)
  const [sha256, { size }, virtualSizeBytes] = await Promise.all([
    sha256File(path),
    stat(path),
    virtualSizeOf(path, 'qcow2'),
  ])
  return { path, checks, facts: { path: plan.output, sha256, sizeBytes: size, virtualSizeBytes } }
}

/** What the guest's own report says about the result. */
export function reportChecks(plan: RewritePlan, guest: GuestRun): readonly CheckResult[] {
  const done = last(guest.events, 'done') !== undefined
  const status = last(guest.events, 'cloud-init')
  const trimmed = last(guest.events, 'trimmed')
  const right = status?.instance === plan.names.instanceId
  return [
    {
      name: 'guest finished',
      ok: done,
      detail: done ? "its report ends with done and this run's nonce" : 'no done in its report',
    },
    {
      name: 'instance',
      ok: right,
      detail: right
        ? "cloud-init ran for this run's instance-id"
        : `cloud-init ran for ${status?.instance || 'an unknown instance'}`,
    },
    {
      name: 'trimmed',
      ok: trimmed?.rc === 0,
      detail: trimmed?.rc === 0 ? 'deleted data was given back' : (trimmed?.tail ?? 'fstrim did not run'),
    },
    sealCheck(plan, guest),
  ]
}

/** A run without 10-seal may leave things, and says so; one with it must not. */
function sealCheck(plan: RewritePlan, guest: GuestRun): CheckResult {
  const sealed = last(guest.events, 'sealed')
  const wanted = plan.plugins.some((plugin) => isSeal(plugin) && plugin.skipped === undefined)
  if (sealed === undefined) return { name: 'sealed', ok: false, detail: 'the guest did not report what is left' }
  const left = sealed.left.join(', ')
  if (!wanted)
    return { name: 'sealed', ok: true, detail: `NOT SEALED, 10-seal was skipped; left: ${left || 'nothing'}` }
  const keep = plan.variables['SEAL_CLOUD_INIT'] === 'keep'
  if (sealed.left.length > 0) return { name: 'sealed', ok: false, detail: `still in the image: ${left}` }
  if (sealed.cloudInit === 'open' && !keep)
    return { name: 'sealed', ok: false, detail: 'cloud-init still accepts a seed' }
  return {
    name: 'sealed',
    ok: true,
    detail: keep
      ? 'nothing shared is left; cloud-init is OPEN to a later seed (SEAL_CLOUD_INIT=keep)'
      : 'nothing shared is left; cloud-init is closed',
  }
}

async function imageCheck(path: string): Promise<CheckResult> {
  const result = await runTool(checkCall(path), { timeoutMs: CHECK_TIMEOUT_MS })
  const counts = readCheck(result.stdout)
  const ok = result.exitCode === 0
  const detail = ok
    ? 'qemu-img check found no errors'
    : `qemu-img check: ${counts?.corruptions ?? '?'} corruptions, ${counts?.leaks ?? '?'} leaks`
  return { name: 'image', ok, detail }
}

/** In number order, with the shares that pre-stage plugins have in this stage; all run, the first failure is told. */
async function runHostScripts(input: PostStageInput, image: string, checks: readonly CheckResult[]): Promise<void> {
  const { plan, place, say, signal } = input
  const reportPath = join(place.workDir, 'report-so-far.json')
  await writeFile(reportPath, JSON.stringify(input.reportSoFar(checks), undefined, 2))
  let failure: unknown
  const copies = copiesIn(place.workDir, plan.sources)
  const plugins = [...plan.plugins].sort((one, other) => one.number - other.number)
  for (const plugin of plugins) {
    if (plugin.stage === 'post-stage' && plugin.skipped !== undefined)
      say({ type: 'plugin', plugin: plugin.name, state: 'skipped', text: plugin.skipped })
    const script = plugin.stage === 'post-stage' ? plugin.hostRun : plugin.postHostRun
    if (script === undefined || plugin.skipped !== undefined) continue
    const stageDir = plugin.stage === 'post-stage' ? copies.postStage : copies.preStage
    const env = { GUEST_IMG: image, CVM_REPORT: reportPath }
    await runHostScript({ plan, place, plugin, script, stageDir, env, say, signal }).catch((error: unknown) => {
      if (signal.aborted) throw error
      failure ??= error
    })
  }
  if (failure !== undefined) throw failure
}

const CHECK_TIMEOUT_MS = 15 * 60_000

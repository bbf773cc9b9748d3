import { randomBytes } from 'node:crypto'
import { ListingParts } from '../guest/listing-parts.js'
import type { RunEvent } from '../model/events.js'
import { secretValues } from '../model/hidden-values.js'
import type { RewriteReport } from '../model/report.js'
import type { RewriteRequest, SourceDirs } from '../model/rewrite.js'
import { planRewrite } from '../stages/plan.js'
import { surveyWorld } from '../stages/survey.js'
import type { Progress } from './progress.js'
import { rewrite } from './rewrite.js'

export interface ListedRun {
  readonly report: RewriteReport
  /** What is in the guest, compressed as it came. */
  readonly listing: Buffer
  /** Values that nobody may see. */
  readonly secrets: readonly string[]
}

/** Where a run shows itself; Progress is one. */
export type RunScreen = Pick<Progress, 'plan' | 'say' | 'end'>

/**
 * A rewrite that also gives the guest's list of what is in it.
 *
 * @throws {CvmError} as a rewrite; LISTING_UNREADABLE.
 */
export async function listedRun(
  request: RewriteRequest,
  sources: SourceDirs,
  screen: RunScreen,
  signal: AbortSignal,
): Promise<ListedRun> {
  const survey = await surveyWorld(request, process.cwd(), sources)
  const plan = planRewrite(request, survey, {
    runId: randomBytes(4).toString('hex'),
    nonce: randomBytes(16).toString('hex'),
    now: new Date(),
    output: request.output,
  })
  const parts = new ListingParts()
  screen.plan(plan)
  const say = (event: RunEvent): void => {
    if (event.type === 'guest' && event.event.event === 'listing') parts.take(event.event)
    screen.say(event)
  }
  const report = await rewrite(plan, survey.toolVersions, say, signal)
  screen.end()
  return { report, listing: parts.whole(), secrets: secretValues(plan.variables, plan.secrets) }
}

import { createHash } from 'node:crypto'
import { lstat, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { publish } from '../image/publish.js'
import { fitLaunch } from '../launch/fit-launch.js'
import { CvmError } from '../model/errors.js'
import type { LaunchFacts } from '../model/report.js'
import type { Collected, RewritePlan } from '../model/rewrite.js'
import { launchDocument } from './launch-document.js'
import type { RunPlace } from './run-place.js'

/**
 * Publishes the image. An output.launch.json of an earlier run never stays beside another image; it is back when the image
 * cannot be published.
 *
 * @throws {CvmError} OUTPUT_EXISTS, OUTPUT_UNWRITABLE, NO_SPACE, IO_ERROR.
 */
export async function publishOutput(plan: RewritePlan, place: RunPlace, candidatePath: string): Promise<void> {
  const existing = plan.force ? 'replace' : 'refuse'
  const launchPath = plan.names.launch
  const aside = join(place.workDir, 'launch-before.json')
  const hadOne = await lstat(launchPath).then(
    () => true,
    () => false,
  )
  if (hadOne && !plan.force) {
    throw new CvmError('OUTPUT_EXISTS', `${launchPath} appeared during the run`, {
      next: 'The finished image is kept with the logs of the run; move it where you want it.',
    })
  }
  if (hadOne) await rename(launchPath, aside)
  try {
    await publish({ candidatePath, outputPath: plan.output, existing })
  } catch (error) {
    if (hadOne) await rename(aside, launchPath)
    throw error
  }
}

/**
 * Publishes output.launch.json, whole or not at all.
 *
 * @throws {CvmError} as `publishOutput`; the image is there then.
 */
export async function publishLaunch(
  plan: RewritePlan,
  place: RunPlace,
  { path, document }: LaunchFacts,
): Promise<void> {
  const candidatePath = join(place.workDir, 'launch.json')
  try {
    await writeFile(candidatePath, launchBytes(document))
    await publish({ candidatePath, outputPath: path, existing: plan.force ? 'replace' : 'refuse' })
  } catch (error) {
    const { code, message, why = '' } = asCvmError(error)
    const next = `The image is finished: ${plan.output}. Only its launch file is missing.`
    throw new CvmError(code, message, { why, next, cause: error })
  }
}

function asCvmError(error: unknown): Pick<CvmError, 'code' | 'message' | 'why'> {
  if (error instanceof CvmError) return error
  return { code: 'IO_ERROR', message: 'the launch file cannot be written', why: String(error) }
}

/** The launch of the output, with what host scripts have written; undefined when nobody wants anything of it. */
export function launchOfOutput(plan: RewritePlan, { launch }: Pick<Collected, 'launch'>): LaunchFacts | undefined {
  if (plan.launch === undefined && launch.length === 0) return undefined
  const settled = fitLaunch([...launch, ...(plan.launch?.fromFile ?? [])])
  if (Object.keys(settled.wishes).length === 0) return undefined
  const document = launchDocument(settled, plan.output)
  const sha256 = createHash('sha256').update(launchBytes(document)).digest('hex')
  return { path: plan.names.launch, sha256, document }
}

function launchBytes(document: LaunchFacts['document']): string {
  return `${JSON.stringify(document, undefined, 2)}\n`
}

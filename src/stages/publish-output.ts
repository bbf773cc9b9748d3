import { createHash } from 'node:crypto'
import { lstat, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { sha256File } from '../image/file-identity.js'
import { publish } from '../image/publish.js'
import { fitLaunch } from '../launch/fit-launch.js'
import { CvmError } from '../model/errors.js'
import { companionsOf } from '../model/output-names.js'
import type { LaunchFacts } from '../model/report.js'
import type { Collected, RewritePlan } from '../model/rewrite.js'
import { launchDocument } from './launch-document.js'
import type { OutputFirmware } from './output-firmware.js'
import type { RunPlace } from './run-place.js'

/**
 * Publishes the image. What an earlier run put beside it (output.launch.json, firmware) never stays beside another image; it is
 * back when the image cannot be published. An image with a private key in it is for its owner only.
 *
 * @throws {CvmError} OUTPUT_EXISTS, OUTPUT_UNWRITABLE, NO_SPACE, IO_ERROR.
 */
export async function publishOutput(
  plan: RewritePlan,
  place: RunPlace,
  { path: candidatePath, holdsPrivateKey }: { readonly path: string; readonly holdsPrivateKey: boolean },
): Promise<void> {
  const existing = plan.force ? 'replace' : 'refuse'
  const there: string[] = []
  for (const { path } of companionsOf(plan.output)) if (await isThere(path)) there.push(path)
  const [first] = there
  if (first !== undefined && !plan.force) {
    throw new CvmError('OUTPUT_EXISTS', `${first} appeared during the run`, {
      next: 'The finished image is kept with the logs of the run; move it where you want it.',
    })
  }
  const aside = (path: string) => join(place.workDir, `before-${basename(path)}`)
  for (const path of there) await rename(path, aside(path))
  try {
    const outputPath = plan.output
    await publish({ candidatePath, outputPath, existing, ...(holdsPrivateKey ? { mode: OWNER_ONLY } : {}) })
  } catch (error) {
    for (const path of there) await rename(aside(path), path)
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
  await publishBeside(plan, path, 'launch file', async () => {
    const candidatePath = join(place.workDir, 'launch.json')
    await writeFile(candidatePath, launchBytes(document))
    return candidatePath
  })
}

/**
 * Publishes output.OVMF_VARS.fd or output.OVMF.fd, whole or not at all.
 *
 * @throws {CvmError} as `publishOutput`; the image is there then.
 */
export async function publishFirmware(
  plan: RewritePlan,
  place: RunPlace,
  { path, bytes, format }: OutputFirmware,
): Promise<string> {
  const candidatePath = join(place.workDir, 'firmware.fd')
  let sha256 = ''
  await publishBeside(plan, path, 'firmware', async () => {
    const file = format === 'qcow2' ? await (await import('./qcow2-firmware.js')).qcow2Bytes(bytes) : bytes
    await writeFile(candidatePath, file)
    sha256 = await sha256File(candidatePath)
    return candidatePath
  })
  return sha256
}

async function publishBeside(
  plan: RewritePlan,
  outputPath: string,
  what: string,
  make: () => Promise<string>,
): Promise<void> {
  try {
    await publish({ candidatePath: await make(), outputPath, existing: plan.force ? 'replace' : 'refuse' })
  } catch (error) {
    const { code, message, why = '' } = asCvmError(error, what)
    const next = `The image is finished: ${plan.output}. Only its ${what} is missing.`
    throw new CvmError(code, message, { why, next, cause: error })
  }
}

function asCvmError(error: unknown, what: string): Pick<CvmError, 'code' | 'message' | 'why'> {
  if (error instanceof CvmError) return error
  return { code: 'IO_ERROR', message: `the ${what} cannot be written`, why: String(error) }
}

const OWNER_ONLY = 0o600

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}

/** The launch of the output, with what host scripts have written; undefined when nobody wants anything of it. */
export function launchOfOutput(
  plan: RewritePlan,
  { launch }: Pick<Collected, 'launch'>,
  firmware?: Pick<OutputFirmware, 'layers'>,
): LaunchFacts | undefined {
  if (plan.launch === undefined && launch.length === 0 && firmware === undefined) return undefined
  // The firmware is made of what all the others ask for, so it has the last word.
  const settled = fitLaunch([...launch, ...(plan.launch?.fromFile ?? []), ...(firmware?.layers ?? [])])
  if (Object.keys(settled.wishes).length === 0) return undefined
  const document = launchDocument(settled, plan.output)
  const sha256 = createHash('sha256').update(launchBytes(document)).digest('hex')
  return { path: plan.names.launch, sha256, document }
}

function launchBytes(document: LaunchFacts['document']): string {
  return `${JSON.stringify(document, undefined, 2)}\n`
}

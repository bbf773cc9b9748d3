import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compactImage } from '../image/compact.js'
import { CvmError, Interrupted } from '../model/errors.js'
import type { Say } from '../model/events.js'
import { hider } from '../model/hidden-values.js'
import type { RewritePlan } from '../model/rewrite.js'
import { CONSOLE_LOG, UNSEALING_CONSOLE_LOG } from './guest-start.js'
import { writeReport } from './report.js'
import type { RunPlace } from './run-place.js'
import type { RunRecord } from './run-record.js'

export interface Failure {
  readonly plan: RewritePlan
  readonly place: RunPlace
  readonly record: RunRecord
  readonly error: unknown
  readonly workImage: string
  readonly say: Say
}

/**
 * Keeps what helps to understand a failed run: console, report, logs of the scripts; the disk only with --keep-failed.
 *
 * Never hides the failure itself: what cannot be kept is said as a warning. An interrupted run keeps nothing.
 */
export async function keepFailure(failure: Failure): Promise<void> {
  const { plan, place, record, error, say } = failure
  if (error instanceof Interrupted) return
  try {
    const dir = plan.names.failedDir
    await mkdir(dir, { mode: 0o700 })
    for (const name of await readdir(place.workDir)) {
      if (KEPT.includes(name)) await rename(join(place.workDir, name), join(dir, name))
    }
    await hideInLogs(dir, record)
    if (record.finished !== undefined) {
      await rename(record.finished, join(dir, FINISHED))
      say({ type: 'note', text: `the finished image is ${join(dir, FINISHED)}` })
    }
    // The run is over: on a full disk its other files would take the room of the report.
    await rm(place.workDir, { recursive: true }).catch(() => {})
    const facts =
      error instanceof CvmError
        ? { code: error.code, message: error.message, why: error.why ?? '', lines: error.lines }
        : { code: 'BUG', message: String(error) }
    await writeReport(join(dir, 'report.json'), record.report(record.checks, facts), plan.runId)
    if (plan.keepFailed) await compactImage(failure.workImage, join(dir, 'disk.qcow2'))
    say({ type: 'note', text: `what is known of the failure is in ${dir}` })
  } catch (cause) {
    say({
      type: 'warning',
      text: `not everything of the failed run could be kept: ${cause instanceof Error ? cause.message : String(cause)}`,
    })
  }
}

/** Logs are as programs wrote them. In the raw report texts are base64, so with secrets only report.json stays, which says the same. */
async function hideInLogs(dir: string, { secrets }: RunRecord): Promise<void> {
  if (secrets.length === 0) return
  const hide = hider(secrets.map((value) => Buffer.from(value).toString('latin1')))
  await rm(join(dir, RAW_REPORT), { force: true })
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    // Byte for byte: a console is not always UTF-8.
    const text = await readFile(path, 'latin1')
    const hidden = hide(text)
    if (hidden !== text) await writeFile(path, hidden, 'latin1')
  }
}

/** An image that passed every check and only could not get the output's name. */
const FINISHED = 'finished.qcow2'
const RAW_REPORT = 'report.log'
const KEPT: readonly string[] = [CONSOLE_LOG, UNSEALING_CONSOLE_LOG, RAW_REPORT, 'logs']

import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { buildDemoGuest } from '../demo/demo-guest.js'
import { readListing } from '../guest/read-listing.js'
import { pluginVariables } from '../host/environment.js'
import { makeScratch, type Scratch } from '../host/scratch.js'
import { CvmError } from '../model/errors.js'
import { EXIT } from '../model/exit.js'
import type { GuestListing, ListingWish } from '../model/guest-listing.js'
import type { RewriteRequest, SourceDirs } from '../model/rewrite.js'
import { baselineFile, baselineVariables, keepBaseline, keptBaseline } from '../stages/baseline.js'
import { userCacheDir } from '../stages/connect-libvirt.js'
import { guestChanges } from '../stages/guest-changes.js'
import { pluginToTest } from '../stages/plugin-to-test.js'
import { packageVersion } from '../stages/run-record.js'
import { sourceDirs } from '../stages/sources.js'
import { complain } from './complain.js'
import { interruption } from './interruption.js'
import { listedRun, type RunScreen } from './listed-run.js'
import { inputPath } from './path-options.js'
import { resultObject, resultText, type TestResult } from './plugin-test-answer.js'
import { Progress } from './progress.js'

export interface PluginTestOptions {
  readonly plugins?: string
  readonly suite: 'trixie' | 'bookworm'
  readonly guest?: string
  readonly time?: number
  readonly keep?: string
  readonly json?: true
  readonly verbose?: true
}

interface TestPlace {
  readonly options: PluginTestOptions
  readonly guest: string
  readonly scratchDir: string
  readonly sources: SourceDirs
  readonly progress: Progress
  readonly signal: AbortSignal
}

/**
 * cvm-rewrite plugin test: one plugin alone on a guest to throw away, and what it changed there.
 *
 * The plugin's own run comes first: one that fails needs nothing to be compared with.
 */
export async function pluginTest(typed: string, options: PluginTestOptions): Promise<number> {
  const json = options.json === true
  const progress = new Progress({ quiet: false, verbose: options.verbose === true, console: true })
  using interrupted = interruption(() =>
    progress.line('cleaning up … (once more ends at once and leaves things behind)'),
  )
  const startedAt = performance.now()
  let thrownAway = false
  try {
    const sources = sourceDirs(process.cwd(), options.plugins)
    const { name } = await pluginToTest(typed, sources, process.env)
    const keep = options.keep === undefined ? undefined : await keptPlace(options.keep)
    const guest = await guestOf(options, progress, interrupted.signal)
    await using scratch = await testScratch()
    thrownAway = keep === undefined
    const place = { options, guest, scratchDir: scratch.path, sources, progress, signal: interrupted.signal }

    const output = join(keep ?? scratch.path, 'output.qcow2')
    const request = requestOf(place, output, 'changed', { only: [name] })
    const tested = await listedRun(request, sources, withoutPlace(progress, scratch.path), interrupted.signal)
    const now = readListing(tested.listing)
    const baseline = await baselineOf(place)
    const changes = guestChanges(baseline.listing, now, tested.secrets)
    const result: TestResult = {
      plugin: name,
      report: tested.report,
      changes,
      baseline: baseline.made ? 'made' : 'kept',
      seconds: Math.round((performance.now() - startedAt) / 100) / 10,
      ...(keep === undefined ? {} : { keep }),
    }
    const answer = JSON.stringify(resultObject(result, guest))
    if (keep !== undefined) await writeFile(join(keep, 'changes.json'), `${answer}\n`)
    process.stdout.write(json ? `${answer}\n` : resultText(result, options.verbose === true))
    return 0
  } catch (error) {
    progress.end()
    const code = await complain(error, json)
    if (thrownAway && FAILURES_OF_A_RUN.has(code))
      progress.line('        console and logs of the failed run were thrown away; --keep DIR keeps them')
    return code
  }
}

/** What is said of files that are about to be thrown away would only lead astray. */
function withoutPlace(progress: Progress, scratchDir: string): RunScreen {
  return {
    plan: (plan) => progress.plan(plan),
    end: () => progress.end(),
    say: (event) => {
      if (event.type !== 'note' || !event.text.includes(`${scratchDir}/`)) progress.say(event)
    },
  }
}

async function guestOf(options: PluginTestOptions, progress: Progress, signal: AbortSignal): Promise<string> {
  if (options.guest !== undefined) return resolve(inputPath(options.guest, ''))
  const recipe = { suite: options.suite, boot: 'uefi', variant: 'cloud' } as const
  const say = (text: string) => progress.line(`  guest: ${text}`)
  const built = await buildDemoGuest(recipe, join(userCacheDir(), 'guests'), say, signal)
  if (!built.fromCache) say(`built in ${built.seconds.toFixed(0)} s, and kept: ${built.path}`)
  return built.path
}

/**
 * The directory of --keep, made when it is not there.
 *
 * @throws {CvmError} USAGE when an earlier output is in it.
 */
async function keptPlace(dir: string): Promise<string> {
  const path = resolve(dir)
  await mkdir(path, { recursive: true })
  if (existsSync(join(path, 'output.qcow2'))) {
    throw new CvmError('USAGE', `--keep ${dir}: an output.qcow2 is in it`, { next: 'Give a directory without one.' })
  }
  return path
}

/** Large, and for a short time: where TMPDIR says, else in /var/tmp, which is on a disk. */
async function testScratch(): Promise<Scratch> {
  return await makeScratch(process.env['TMPDIR'] || '/var/tmp', 'cvm-plugin-test', 0o711)
}

function requestOf(
  { options, guest }: TestPlace,
  output: string,
  listing: ListingWish,
  given: Partial<RewriteRequest>,
): RewriteRequest {
  return {
    input: guest,
    output,
    force: false,
    ...(options.time === undefined ? {} : { guestTimeMin: options.time }),
    skip: [],
    only: [],
    accel: 'auto',
    firmware: 'auto',
    keepFailed: false,
    strict: false,
    schema: true,
    variables: pluginVariables(process.env),
    environment: process.env,
    listing,
    ...given,
  }
}

/** What a run without plugins leaves in this guest: kept from an earlier test, or made now. */
async function baselineOf(place: TestPlace): Promise<{ readonly listing: GuestListing; readonly made: boolean }> {
  const { guest, sources, progress, scratchDir, signal } = place
  const of = { guestPath: guest, toolVersion: packageVersion(), sources, environment: process.env }
  const path = await baselineFile(userCacheDir(), of)
  const kept = await keptBaseline(path)
  const listing = kept === undefined ? undefined : readOrNothing(kept)
  if (listing !== undefined) return { listing, made: false }
  progress.line('  and once without plugins, to compare with; this is kept for later tests')
  const preStage = join(scratchDir, 'no-plugins', 'pre-stage')
  await mkdir(preStage, { recursive: true })
  const request = requestOf(place, join(scratchDir, 'baseline.qcow2'), 'all', {})
  const variables = baselineVariables(request.variables)
  const made = await listedRun({ ...request, variables }, { ...sources, preStage }, progress, signal)
  const read = readListing(made.listing)
  await keepBaseline(path, made.listing)
  return { listing: read, made: true }
}

/** A damaged one is made anew. */
function readOrNothing(kept: Buffer): GuestListing | undefined {
  try {
    return readListing(kept)
  } catch {
    return undefined
  }
}

/** They leave a directory with what is known of them. */
const FAILURES_OF_A_RUN: ReadonlySet<number> = new Set([EXIT.preStage, EXIT.guest, EXIT.check, EXIT.timeout])

import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { pluginVariables } from '../host/environment.js'
import { CvmError } from '../model/errors.js'
import type { RewritePlan, RewriteRequest } from '../model/rewrite.js'
import { planRewrite } from '../stages/plan.js'
import { withoutSecrets } from '../stages/report.js'
import { surveyWorld } from '../stages/survey.js'
import { complain } from './complain.js'
import { interruption } from './interruption.js'
import { inputPath, outputPath } from './path-options.js'
import { Progress } from './progress.js'
import { rewrite } from './rewrite.js'
import type { RewriteOptions } from './rewrite-command.js'
import { summaryText } from './summary.js'

/** cvm-rewrite -i …: survey, plan, run, tell. */
export async function runRewrite(options: RewriteOptions): Promise<number> {
  const json = options.json === true
  const progress = new Progress({
    quiet: options.quiet === true,
    verbose: options.verbose === true,
    console: options.console,
  })
  using interrupted = interruption(() =>
    progress.line('cleaning up … (once more ends at once and leaves things behind)'),
  )
  try {
    const request = requestOf(options)
    const survey = await surveyWorld(request, process.cwd())
    const plan = planRewrite(request, survey, {
      runId: randomBytes(4).toString('hex'),
      nonce: randomBytes(16).toString('hex'),
      now: new Date(),
      output: resolve(request.output),
    })
    if (options.dryRun === true) {
      process.stdout.write(`${JSON.stringify(shownPlan(plan), undefined, 2)}\n`)
      return 0
    }
    progress.plan(plan)
    const report = await rewrite(plan, survey.toolVersions, progress.say, interrupted.signal)
    progress.end()
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`)
    else process.stdout.write(summaryText(report, plan.names.report, options.quiet === true))
    return 0
  } catch (error) {
    progress.end()
    return await complain(error, json)
  }
}

/** @throws {CvmError} USAGE for what commander does not check. */
function requestOf(options: RewriteOptions): RewriteRequest {
  if (options.connect === '') throw new CvmError('USAGE', 'an empty libvirt URI was given with -s')
  return {
    input: inputPath(options.input, 'cvm-rewrite -i guest.qcow2 (or see it work: cvm-rewrite demo)'),
    output: outputPath(options.output),
    force: options.force === true,
    ...(options.time === undefined ? {} : { guestTimeMin: options.time }),
    ...(options.connect === undefined ? {} : { connect: options.connect }),
    ...(options.plugins === undefined ? {} : { pluginsDir: options.plugins }),
    skip: options.skip,
    only: options.only,
    accel: options.accel,
    firmware: options.firmware,
    ...(options.memory === undefined ? {} : { memoryMiB: options.memory }),
    ...(options.vcpus === undefined ? {} : { vcpus: options.vcpus }),
    ...(options.launch === undefined ? {} : { launchFile: launchPath(options.launch, '--launch') }),
    ...(options.firmwareImage === undefined
      ? {}
      : { firmwareImage: resolve(launchPath(options.firmwareImage, '--firmware-image')) }),
    keepFailed: options.keepFailed === true,
    strict: options.strict === true,
    schema: options.schema,
    variables: pluginVariables(process.env),
    environment: process.env,
  }
}

function launchPath(path: string, flag: string): string {
  if (path === '') throw new CvmError('USAGE', `an empty path was given with ${flag}`)
  return path
}

/** The plan without the nonce: whoever reads a log must not be able to speak for the guest. */
function shownPlan(plan: RewritePlan): unknown {
  return { ...plan, nonce: '(made for each run)', variables: withoutSecrets(plan.variables, plan.secrets) }
}

import { dirname, resolve } from 'node:path'
import { probeAccelerator } from '../host/accelerator.js'
import { unprivilegedAccount } from '../host/accounts.js'
import { findTool } from '../host/find-tool.js'
import { availableMemoryMiB, cpuCount } from '../host/machine.js'
import { makeScratch } from '../host/scratch.js'
import { sameFile } from '../image/file-identity.js'
import { inspectInput } from '../image/inspect-input.js'
import { readDiskLayout } from '../image/read-layout.js'
import { chooseFirmware } from '../launch/firmware-choice.js'
import { CvmError } from '../model/errors.js'
import type { DiskLayout } from '../model/image.js'
import type { LaunchLayer } from '../model/launch.js'
import type { Plugin, Problem } from '../model/plugin.js'
import type { RewriteRequest, SourceDirs, Survey } from '../model/rewrite.js'
import { showRiskyMode } from '../plugins/payload-tree.js'
import { checkPluginVariables, undeclaredOf } from '../plugins/plugin-variables.js'
import { readPlugins } from '../plugins/read-plugins.js'
import { schemaProblems } from './cloud-config-schema.js'
import { surveyFirmware } from './firmware-of-run.js'
import { surveyLaunch } from './launch-survey.js'
import { assertOutputPossible } from './output-place.js'
import { pluginLaunch } from './plugin-launch.js'
import { noteUnsealed } from './sealing.js'
import { checkSeedSources } from './seed-sources.js'
import { sourceDirs } from './sources.js'
import { assertStartable } from './startable.js'
import { requireTools, toolVersions } from './tools-needed.js'

/**
 * Reads the world before anything is done: the image, the plugins, the machine. Nothing is changed.
 *
 * @throws {CvmError} every refusal that needs no boot; all problems of all plugins at once.
 */
export async function surveyWorld(
  request: RewriteRequest,
  cwd: string,
  sources: SourceDirs = sourceDirs(cwd, request.pluginsDir),
): Promise<Survey> {
  const input = resolve(cwd, request.input)
  const output = resolve(cwd, request.output)
  // The cheap questions about paths come before the ones that read files or start programs.
  if (await sameFile(input, output))
    throw new CvmError('OUTPUT_IS_INPUT', `${request.input} and ${request.output} are the same file`)
  await Promise.all([requireTools(), assertOutputPossible(output, request.force)])
  const image = await inspectInput(input)

  const account = await unprivilegedAccount()
  const reading = await readAllPlugins(request, sources)
  const { launchFile } = request
  const { launch, notes } = await surveyLaunch({ launchFile, cwd, fromPlugins: reading.launch })
  // cloud-init's own opinion takes a second for each part: asked beside the rest, and only about parts that are fine so far.
  const [schema, layout, accelerator, tools] = await Promise.all([
    request.schema ? schemaProblems(reading.plugins) : NOT_ASKED,
    layoutOf(image, output),
    probeAccelerator(request.accel, account),
    toolVersions(),
  ])
  if (schema.problems.length > 0) throw problemsError(schema.problems)
  const wantsUefi = request.firmware === 'uefi' || (request.firmware === 'auto' && layout.hasEsp)
  assertStartable(wantsUefi ? 'uefi' : 'bios', layout)
  const firmware = await surveyFirmware({
    request,
    wishes: reading.wishes,
    plugins: reading.plugins,
    launch,
    output,
    wantsUefi,
  })
  const uefi = wantsUefi ? (await chooseFirmware()).uefi : undefined
  return {
    image,
    layout,
    sources,
    plugins: reading.plugins,
    variables: reading.variables,
    options: reading.options,
    secrets: reading.secrets,
    wishes: reading.wishes,
    ...(launch === undefined ? {} : { launch }),
    ...(firmware.planned === undefined ? {} : { outputFirmware: firmware.planned }),
    notes: [...image.warnings, ...reading.notes, ...notes, ...firmware.notes, ...schema.notes],
    accel: accelerator.accel,
    accelWhy: accelerator.why,
    ...(uefi === undefined ? {} : { uefi }),
    hostCpus: cpuCount(),
    hostMemoryMiB: availableMemoryMiB(),
    toolVersions: tools,
  }
}

async function layoutOf(image: Survey['image'], output: string): Promise<DiskLayout> {
  await using scratch = await makeScratch(dirname(output), '.cvm-look', 0o700)
  return await readDiskLayout({ path: image.path, format: image.format }, scratch.path)
}

interface PluginSurvey extends Pick<Survey, 'plugins' | 'notes' | 'variables' | 'options' | 'secrets' | 'wishes'> {
  /** Undefined when no plugin wants anything of the launch. */
  readonly launch: readonly LaunchLayer[] | undefined
}

async function readAllPlugins(request: RewriteRequest, sources: SourceDirs): Promise<PluginSurvey> {
  const dirs = { preStage: sources.preStage, postStage: sources.postStage }
  const { skip, only, environment } = request
  const reading = await readPlugins({ dirs, skip, only, environment })
  const seed = await checkSeedSources(sources)
  const risky = reading.payload.riskyModes.map(showRiskyMode)
  const undeclared = undeclaredOf(request.variables, reading.declared)
  const { plugins, wishes } = reading
  const launch = await pluginLaunch({ plan: wishes.launch, plugins, hostScriptsRan: false, lasting: (path) => path })
  const problems = [...reading.problems, ...seed.problems, ...launch.problems, ...checkPluginVariables(undeclared)]
  if (request.strict) problems.push(...risky.map(riskyProblem))
  if (problems.length > 0) throw problemsError(problems)
  await requireHostPrograms(reading.plugins)
  return {
    plugins: reading.plugins,
    variables: { ...undeclared, ...reading.variables },
    options: reading.options,
    secrets: reading.secrets,
    wishes,
    launch: wishes.launch === undefined ? undefined : launch.layers,
    notes: [...reading.notes, ...reading.runNotes, ...noteUnsealed(reading.plugins, sources), ...seed.notes, ...risky],
  }
}

/** @throws {CvmError} TOOL_MISSING with every program that a plugin.yaml requires and that is not here. */
async function requireHostPrograms(plugins: readonly Plugin[]): Promise<void> {
  const lines: string[] = []
  for (const { name, skipped, manifest } of plugins) {
    if (skipped !== undefined) continue
    for (const tool of manifest?.requires.host ?? []) {
      if ((await findTool(tool)) === undefined) lines.push(`${tool}, which ${name} requires`)
    }
  }
  if (lines.length === 0) return
  const next = 'Install it, or leave the plugin out with --skip.'
  throw new CvmError('TOOL_MISSING', `not installed: ${lines.join('; ')}`, { next })
}

const NOT_ASKED = { problems: [], notes: [] } as const

function riskyProblem(shown: string): Problem {
  return { code: 'PLUGIN_INVALID', where: 'files/', what: `${shown}: refused with --strict` }
}

/** All problems in one error; its code is that of the first one. */
export function problemsError(problems: readonly Problem[]): CvmError {
  const [first] = problems
  if (first === undefined) throw new Error('no problem to report')
  const lines = problems.map((problem) => `${problem.where}: ${problem.what}`)
  if (problems.length === 1) return new CvmError(first.code, first.where, { why: first.what })
  return new CvmError(first.code, `${problems.length} problems in the plugins`, { lines })
}

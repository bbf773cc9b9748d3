import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { makeScratch } from '../host/scratch.js'
import type { Plugin, Problem } from '../model/plugin.js'
import type { SeedPart, SourceDirs } from '../model/rewrite.js'
import type { PayloadEntry } from '../plugins/payload-merge.js'
import { checkPluginVariables, undeclaredOf } from '../plugins/plugin-variables.js'
import { readPlugins } from '../plugins/read-plugins.js'
import type { MergedCloudConfig } from '../tools/merge-cloud-config.js'
import { mergedCloudConfig } from './merged-config.js'
import { pluginLaunch } from './plugin-launch.js'
import { withoutSecrets } from './report.js'
import { writeRootfsConfig } from './rootfs-config.js'
import { seedParts } from './seed-parts.js'
import { checkSeedSources, userDataToShip } from './seed-sources.js'

export interface RenderRequest {
  readonly sources: SourceDirs
  readonly skip: readonly string[]
  readonly only: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What a guest would see, as far as it is known without running any host script. */
export interface Rendering {
  readonly plugins: readonly Plugin[]
  readonly cloudConfig: MergedCloudConfig
  /** In the order in which the guest meets them. */
  readonly parts: readonly (SeedPart & { readonly sizeBytes: number })[]
  /** In the order of the bytes of their paths. */
  readonly payload: readonly PayloadEntry[]
  /** With the values of secrets left out. */
  readonly variables: Readonly<Record<string, string>>
  /** Cloud-configs that only the guest can fill in, so that they are not in `cloudConfig`. */
  readonly templates: readonly SeedPart[]
  /** Plugins whose host_run.sh may add to all of this. */
  readonly hostScripts: readonly Plugin[]
  readonly notes: readonly string[]
  /** What a run would refuse. */
  readonly problems: readonly Problem[]
}

/**
 * Renders the seed without a boot. Nothing of the plugins is run or changed.
 *
 * @throws {CvmError} PLUGIN_UNKNOWN; TOOL_MISSING when cloud-init is not installed; TOOL_FAILED, TOOL_TIMED_OUT.
 */
export async function render(request: RenderRequest, signal: AbortSignal): Promise<Rendering> {
  const { sources, skip, only, variables } = request
  const dirs = { preStage: sources.preStage, postStage: sources.postStage }
  const reading = await readPlugins({ dirs, skip, only, environment: request.environment })
  await using scratch = await makeScratch(tmpdir(), 'cvm-render', 0o700)
  const firstConfig = await userDataToShip(sources, scratch.path)
  const rootfsConfig = await writeRootfsConfig(reading.wishes, firstConfig, reading.plugins, scratch.path)
  const parts = seedParts(firstConfig, reading.plugins, rootfsConfig)
  const seed = await checkSeedSources(sources)
  const undeclared = undeclaredOf(variables, reading.declared)
  const { plugins, wishes } = reading
  const launch = await pluginLaunch({ plan: wishes.launch, plugins, hostScriptsRan: false, lasting: (path) => path })
  return {
    plugins,
    cloudConfig: await mergedCloudConfig(parts, signal),
    parts: await Promise.all(parts.map(async (part) => ({ ...part, sizeBytes: (await stat(part.source)).size }))),
    payload: reading.payload.entries,
    variables: withoutSecrets({ ...undeclared, ...reading.variables }, reading.secrets),
    templates: parts.filter(({ type }) => type === 'jinja2'),
    hostScripts: reading.plugins.filter(({ stage, hostRun }) => stage === 'pre-stage' && hostRun !== undefined),
    notes: [...reading.notes, ...reading.runNotes, ...seed.notes],
    problems: [...reading.problems, ...seed.problems, ...launch.problems, ...checkPluginVariables(undeclared)],
  }
}

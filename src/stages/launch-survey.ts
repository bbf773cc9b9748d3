import { basename } from 'node:path'
import { fitLaunch } from '../launch/fit-launch.js'
import type { LaunchLayer } from '../model/launch.js'
import type { PlannedLaunch } from '../model/rewrite.js'
import { readLaunchFile } from './launch-file.js'

/** What `--launch` and plugins want of the launch, before host scripts have run. */
export async function surveyLaunch(input: {
  readonly launchFile: string | undefined
  readonly cwd: string
  /** Undefined when no plugin wants anything, and not empty when a host script has yet to write what it wants. */
  readonly fromPlugins: readonly LaunchLayer[] | undefined
}): Promise<{ readonly launch?: PlannedLaunch; readonly notes: readonly string[] }> {
  const file = input.launchFile === undefined ? undefined : await readLaunchFile(input.launchFile, input.cwd)
  if (file === undefined && input.fromPlugins === undefined) return { notes: [] }
  const fromFile = file?.layers ?? []
  const notes =
    file?.image === undefined ? [] : [`${basename(file.path)}: its image is not used; the launch is of the output`]
  return { launch: { fromFile, settled: fitLaunch([...(input.fromPlugins ?? []), ...fromFile]) }, notes }
}

import { CvmError } from '../model/errors.js'
import type { Plugin } from '../model/plugin.js'
import type { SourceDirs } from '../model/rewrite.js'
import { readPlugins } from '../plugins/read-plugins.js'
import { meansPlugin } from '../plugins/selection.js'
import { problemsError } from './survey.js'

/**
 * The one plugin of the pre-stage that a typed name means: `20-hello`, `hello`, `20`.
 *
 * @throws {CvmError} PLUGIN_UNKNOWN; USAGE when it is several, one of the post-stage, or one that would not run; every
 * problem with it.
 */
export async function pluginToTest(
  typed: string,
  { preStage, postStage }: SourceDirs,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Plugin> {
  const dirs = { preStage, postStage }
  const { plugins } = await readPlugins({ dirs, skip: [], only: [typed], environment })
  const meant = plugins.filter((plugin) => meansPlugin(typed, plugin))
  const [plugin, another] = meant.filter(({ stage }) => stage === 'pre-stage')
  if (plugin === undefined) {
    throw new CvmError('USAGE', `${meant[0]?.name ?? typed} belongs to the post-stage`, {
      why: 'the plugins of the post-stage run in every test, with the plugin of the pre-stage that is tested',
      next: 'Give a plugin of the pre-stage; cvm-rewrite plugin list shows them.',
    })
  }
  if (another !== undefined) {
    throw new CvmError('USAGE', `${typed} means ${meant.map(({ name }) => name).join(' and ')}`, {
      next: `Give the full name: cvm-rewrite plugin test ${plugin.name}`,
    })
  }
  // Once more, now that it is one: only its own problems count, not those of others with the same number.
  const reading = await readPlugins({ dirs, skip: [], only: [plugin.name], environment })
  if (reading.problems.length > 0) throw problemsError(reading.problems)
  refuseIdle(plugin)
  return plugin
}

function refuseIdle({ name, dir, skipped }: Plugin): void {
  if (skipped === undefined) return
  if (skipped === 'NOT_RUN') {
    throw new CvmError('USAGE', `${name} has a NOT_RUN file, so it does not run`, { next: `Remove ${dir}/NOT_RUN` })
  }
  const names = skipped.replace(/ not given$/, '').split(', ')
  throw new CvmError('USAGE', `${name} would be left out: ${skipped}`, {
    why: 'its plugin.yaml requires a value for that',
    next: `Give it: ${names.map((option) => `${option}=…`).join(' ')} cvm-rewrite plugin test ${name}`,
  })
}

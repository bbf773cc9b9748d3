import { readPlugins } from '../plugins/read-plugins.js'
import { sourceDirs } from '../stages/sources.js'
import { problemsError } from '../stages/survey.js'
import { complain } from './complain.js'
import { pluginObject, stageText } from './plugin-list-formats.js'

/** cvm-rewrite plugin list: what a run here would take, with the reason where one is left out, and with the values of options. */
export async function pluginList(options: { readonly plugins?: string; readonly json?: true }): Promise<number> {
  const json = options.json === true
  try {
    const { preStage, postStage } = sourceDirs(process.cwd(), options.plugins)
    const dirs = { preStage, postStage }
    const reading = await readPlugins({ dirs, skip: [], only: [], environment: process.env })
    const { plugins, problems } = reading
    if (json) {
      const rows = plugins.map((plugin) => pluginObject(plugin, reading.options))
      process.stdout.write(`${JSON.stringify({ plugins: rows, problems })}\n`)
    } else {
      const text = (stage: 'pre-stage' | 'post-stage', dir: string) => stageText(stage, dir, plugins, reading.options)
      process.stdout.write(`${text('pre-stage', preStage)}\n${text('post-stage', postStage)}`)
    }
    return problems.length === 0 || json ? 0 : await complain(problemsError(problems), false)
  } catch (error) {
    return await complain(error, json)
  }
}

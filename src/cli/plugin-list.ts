import { printable } from '../guest/printable.js'
import type { Plugin } from '../model/plugin.js'
import { readPlugins } from '../plugins/read-plugins.js'
import { sourceDirs } from '../stages/sources.js'
import { problemsError } from '../stages/survey.js'
import { colour } from './colours.js'
import { complain } from './complain.js'

/** cvm-rewrite plugin list: what a run here would take, with the reason where one is left out. */
export async function pluginList(options: { readonly plugins?: string; readonly json?: true }): Promise<number> {
  const json = options.json === true
  try {
    const { preStage, postStage } = sourceDirs(process.cwd(), options.plugins)
    const dirs = { preStage, postStage }
    const { plugins, problems } = await readPlugins({ dirs, skip: [], only: [], environment: process.env })
    if (json) {
      const rows = plugins.map(({ name, stage, dir, summary, skipped, digest }) => ({
        name,
        stage,
        dir,
        summary,
        skipped: skipped ?? null,
        digest,
      }))
      process.stdout.write(`${JSON.stringify({ plugins: rows, problems })}\n`)
    } else {
      process.stdout.write(`${listText('pre-stage', preStage, plugins)}\n${listText('post-stage', postStage, plugins)}`)
    }
    return problems.length === 0 || json ? 0 : await complain(problemsError(problems), false)
  } catch (error) {
    return await complain(error, json)
  }
}

function listText(stage: Plugin['stage'], dir: string, plugins: readonly Plugin[]): string {
  const rows = plugins.filter((plugin) => plugin.stage === stage)
  const width = Math.max(0, ...rows.map((plugin) => plugin.name.length))
  const lines = rows.map(
    (plugin) =>
      `  ${plugin.name.padEnd(width)}  ${plugin.skipped === undefined ? printable(plugin.summary) : colour.dim(`skipped: ${plugin.skipped === 'NOT_RUN' ? 'it has a NOT_RUN file' : plugin.skipped}`)}\n`,
  )
  return `${colour.bold(stage)} (${printable(dir)})\n${lines.join('') || '  none\n'}`
}

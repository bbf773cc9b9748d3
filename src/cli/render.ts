import { pluginVariables } from '../host/environment.js'
import { EXIT } from '../model/exit.js'
import { render as renderSeed } from '../stages/render.js'
import { sourceDirs } from '../stages/sources.js'
import { problemsError } from '../stages/survey.js'
import { complain } from './complain.js'
import { interruption } from './interruption.js'
import { renderObject, renderText } from './render-formats.js'

export interface RenderOptions {
  readonly plugins?: string
  readonly skip: readonly string[]
  readonly only: readonly string[]
  readonly json?: true
}

/** cvm-rewrite render: what the guest will see, without a boot; exit code 5, after it, when a run would refuse. */
export async function render(options: RenderOptions): Promise<number> {
  const json = options.json === true
  using interrupted = interruption(() => {})
  try {
    const { skip, only } = options
    const sources = sourceDirs(process.cwd(), options.plugins)
    const request = { sources, skip, only, variables: pluginVariables(process.env), environment: process.env }
    const rendering = await renderSeed(request, interrupted.signal)
    process.stdout.write(json ? `${JSON.stringify(renderObject(rendering))}\n` : renderText(rendering))
    if (rendering.problems.length === 0) return EXIT.ok
    return json ? EXIT.plugin : await complain(problemsError(rendering.problems), false)
  } catch (error) {
    return await complain(error, json)
  }
}

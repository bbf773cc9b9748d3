import type { Plugin, Problem } from '../../model/plugin.js'
import { manifestOf } from './manifest-place.js'

/** Plugins that stand in another order than one of them requires; one that does not take part breaks nothing. */
export function checkOrder(plugins: readonly Plugin[]): readonly Problem[] {
  const running = plugins.filter((plugin) => plugin.skipped === undefined)
  return running.flatMap((plugin, index): Problem[] => {
    const { before = [], after = [] } = plugin.manifest?.requires ?? {}
    const stage = (name: string) => running.findIndex((other) => other.stage === plugin.stage && other.name === name)
    const late = before.filter((name) => stage(name) >= 0 && stage(name) < index)
    const early = after.filter((name) => stage(name) > index)
    return [
      ...late.map((name) => wrongOrder(plugin, `has to come before ${name}, and comes after it`)),
      ...early.map((name) => wrongOrder(plugin, `has to come after ${name}, and comes before it`)),
    ]
  })
}

function wrongOrder(plugin: Plugin, what: string): Problem {
  return {
    code: 'PLUGIN_INVALID',
    where: manifestOf(plugin),
    what: `${what}; the order is that of the numbers in their names`,
  }
}

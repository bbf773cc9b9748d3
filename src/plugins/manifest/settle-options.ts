import { type PluginOption, SECRET, type SettledOption } from '../../model/manifest.js'
import type { Plugin, Problem } from '../../model/plugin.js'
import { readOptionValue } from './option-values.js'

export interface Settling {
  /** What scripts get, defaults included. */
  readonly variables: Readonly<Record<string, string>>
  /** Every declared option, in the order of the plugins. */
  readonly options: readonly SettledOption[]
  /** Names of the options whose values nobody may see. */
  readonly secrets: readonly string[]
  readonly problems: readonly Problem[]
}

/** Gives the declared options of the plugins that take part their values. An empty variable counts as not given. */
export async function settleOptions(
  plugins: readonly Plugin[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Settling> {
  const variables: Record<string, string> = {}
  const options: SettledOption[] = []
  const secrets: string[] = []
  const problems: Problem[] = []
  for (const [name, declared] of declaredOptions(plugins)) {
    const [first] = declared
    if (first === undefined) continue
    const asked = declared.map(({ plugin }) => plugin)
    const other = declared.find(({ option }) => !sameOption(option, first.option))
    if (other !== undefined) {
      problems.push({
        code: 'PLUGIN_INVALID',
        where: name,
        what: `${first.plugin} and ${other.plugin} declare this option differently`,
      })
      continue
    }
    const given = environment[name]
    const from =
      given !== undefined && given !== '' ? 'environment' : first.option.default === undefined ? 'not given' : 'default'
    const text = from === 'environment' ? given : first.option.default
    const reading = text === undefined ? undefined : await readOptionValue(first.option, text)
    if (reading !== undefined && 'wrong' in reading) {
      problems.push({
        code: 'PLUGIN_INVALID',
        where: name,
        what: `${reading.wrong} (an option of ${asked.join(', ')})`,
      })
      continue
    }
    if (reading !== undefined) variables[name] = reading.value
    const shown = first.option.secret ? SECRET : reading?.value
    options.push({
      name,
      plugins: asked,
      from,
      ...(reading === undefined || shown === undefined ? {} : { value: shown }),
    })
    if (first.option.secret) secrets.push(name)
  }
  return { variables, options, secrets, problems }
}

interface Declared {
  readonly plugin: string
  readonly option: PluginOption
}

function declaredOptions(plugins: readonly Plugin[]): ReadonlyMap<string, readonly Declared[]> {
  const found = new Map<string, Declared[]>()
  for (const plugin of plugins) {
    if (plugin.skipped !== undefined) continue
    for (const option of plugin.manifest?.options ?? []) {
      found.set(option.name, [...(found.get(option.name) ?? []), { plugin: plugin.name, option }])
    }
  }
  return found
}

/** All but the words for people. */
function sameOption(one: PluginOption, other: PluginOption): boolean {
  const shape = ({ type, of, values, secret, default: fallback }: PluginOption) =>
    JSON.stringify([type, of, values, secret, fallback])
  return shape(one) === shape(other)
}

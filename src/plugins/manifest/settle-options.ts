import { SHORTEST_SECRET } from '../../model/hidden-values.js'
import { type PluginOption, SECRET, type SettledOption } from '../../model/manifest.js'
import type { Plugin, Problem } from '../../model/plugin.js'
import { manifestOf } from './manifest-place.js'
import { readOptionValue } from './option-values.js'

export interface Settling {
  /** What scripts get, defaults included. */
  readonly variables: Readonly<Record<string, string>>
  /** Names of all that are declared, those with a wrong value too. */
  readonly declared: readonly string[]
  /** Every declared option with no or a right value, in the order of the plugins. */
  readonly options: readonly SettledOption[]
  /** Names of the options whose values nobody may see. */
  readonly secrets: readonly string[]
  readonly problems: readonly Problem[]
}

/** Gives the declared options of the plugins that take part their values. An empty text counts as not given. */
export async function settleOptions(
  plugins: readonly Plugin[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Settling> {
  const variables: Record<string, string> = {}
  const options: SettledOption[] = []
  const secrets: string[] = []
  const problems: Problem[] = []
  const all = declaredOptions(plugins)
  for (const [name, declared] of all) {
    const [first] = declared
    if (first === undefined) continue
    const { option } = first
    // Before anything can go wrong with it.
    if (declared.some((each) => each.option.secret)) secrets.push(name)
    const other = declared.find((each) => differenceOf(each.option, option) !== undefined)
    if (other !== undefined) {
      const difference = differenceOf(other.option, option)
      const what = `${name}: ${first.plugin.name} declares it with another ${difference}`
      problems.push({ code: 'PLUGIN_INVALID', where: manifestOf(other.plugin), what })
      continue
    }
    const names = declared.map(({ plugin }) => plugin.name)
    const { from, text } = textOf(option, environment[name])
    const reading = text === undefined ? undefined : await readValue(option, text)
    if (reading !== undefined && 'wrong' in reading) {
      const what = `${reading.wrong} (${from === 'default' ? 'the default of an option' : 'an option'} of ${names.join(', ')})`
      problems.push({ code: 'PLUGIN_INVALID', where: name, what })
      continue
    }
    if (reading !== undefined) variables[name] = reading.value
    const shown = reading === undefined ? {} : { value: option.secret ? SECRET : reading.value }
    options.push({ name, plugins: names, from, ...shown })
  }
  return { variables, declared: [...all.keys()], options, secrets, problems }
}

/** A secret that is too short would be found, and hidden, in texts that have nothing to do with it. */
async function readValue(option: PluginOption, text: string): ReturnType<typeof readOptionValue> {
  const reading = await readOptionValue(option, text)
  if (!option.secret || 'wrong' in reading) return reading
  if (reading.value.split('\n').every((item) => item.length >= SHORTEST_SECRET)) return reading
  return { wrong: `is shorter than ${SHORTEST_SECRET} characters, too short to be kept secret` }
}

function textOf(
  { default: fallback = '' }: PluginOption,
  given = '',
): { readonly from: SettledOption['from']; readonly text?: string } {
  if (given !== '') return { from: 'environment', text: given }
  return fallback === '' ? { from: 'not given' } : { from: 'default', text: fallback }
}

interface Declared {
  readonly plugin: Plugin
  readonly option: PluginOption
}

function declaredOptions(plugins: readonly Plugin[]): ReadonlyMap<string, readonly Declared[]> {
  const found = new Map<string, Declared[]>()
  for (const plugin of plugins) {
    if (plugin.skipped !== undefined) continue
    for (const option of plugin.manifest?.options ?? []) {
      found.set(option.name, [...(found.get(option.name) ?? []), { plugin, option }])
    }
  }
  return found
}

/** What two declarations of an option do not agree about; the words for people do not count. */
function differenceOf(one: PluginOption, other: PluginOption): string | undefined {
  return COMPARED.find((key) => JSON.stringify(one[key]) !== JSON.stringify(other[key]))
}

const COMPARED = ['type', 'of', 'values', 'default', 'secret'] as const satisfies readonly (keyof PluginOption)[]

import { existsSync } from 'node:fs'
import { CvmError } from '../model/errors.js'
import type { LaunchKey, LaunchLayer } from '../model/launch.js'
import { IDENTITY_KEYS, LAUNCH_KEYS, LAUNCH_PATHS, PATH_KEYS } from '../model/launch-keys.js'
import type { LaunchWords } from '../model/launch-values.js'
import type { Plugin, Problem } from '../model/plugin.js'
import type { LaunchPlan } from '../model/wishes.js'
import { wishPlace } from '../plugins/manifest/wish-place.js'
import { resolveLaunchWords } from './launch-words.js'

export interface PluginLaunch {
  /** One for each wish; kinds come before what depends on them. */
  readonly layers: readonly LaunchLayer[]
  readonly problems: readonly Problem[]
}

export interface PluginLaunchInput {
  readonly plan: LaunchPlan | undefined
  readonly plugins: readonly Plugin[]
  /** Nothing more will come: files that identities are made of have to be there. */
  readonly hostScriptsRan: boolean
  /** The path that stays after the run, of one in a private copy of the plugins. */
  readonly lasting: (text: string) => string
}

/** What plugins want of the launch, with identities made of what is there; what a host script has yet to write is left out. */
export async function pluginLaunch(input: PluginLaunchInput): Promise<PluginLaunch> {
  const layers: LaunchLayer[] = []
  const problems: Problem[] = []
  for (const key of LAUNCH_KEYS) {
    const found = await oneWish(input, key)
    if (found === undefined) continue
    if ('what' in found) problems.push(found)
    else layers.push(found)
  }
  return { layers, problems }
}

async function oneWish(input: PluginLaunchInput, key: LaunchKey): Promise<LaunchLayer | Problem | undefined> {
  const { plan, plugins, hostScriptsRan, lasting } = input
  const value = plan?.words[key]
  if (plan === undefined || value === undefined) return undefined
  const askers = plugins.filter(({ name }) => plan.plugins[key]?.includes(name))
  if (!hostScriptsRan && isYetToCome(key, String(value), askers)) return undefined
  const [asker] = askers
  const problem = async (what: string): Promise<Problem> => {
    const path = LAUNCH_PATHS[key].split('.')
    const where = asker === undefined ? 'plugin.yaml' : await wishPlace(asker, path)
    return { code: 'PLUGIN_INVALID', where, what: `${LAUNCH_PATHS[key]}: ${what}` }
  }
  const lost = pathsOf(key, plan.words).find((path) => isBelow(path, askers) && !existsSync(lasting(path)))
  if (lost !== undefined) return await problem(lostWords(lost, hostScriptsRan))
  const origin = askers.map(({ name }) => `${name}/plugin.yaml`).join(', ')
  try {
    return withLastingPaths(await resolveLaunchWords({ [key]: value }, '/', origin), lasting)
  } catch (error) {
    if (!(error instanceof CvmError)) throw error
    return await problem(wordsOf(error, `${origin}: ${LAUNCH_PATHS[key]}: `))
  }
}

/** The place is told beside it. */
function wordsOf({ message, why, next }: CvmError, place: string): string {
  const what = message.startsWith(place) ? message.slice(place.length) : message
  return [what, ...(why === undefined ? [] : [`${why}. ${next}`])].join(': ')
}

function isYetToCome(key: LaunchKey, word: string, askers: readonly Plugin[]): boolean {
  if (!IDENTITY_KEYS.some((each) => each === key) || askers.every(({ hostRun }) => hostRun === undefined)) return false
  const path = word.replace(/^(?:file|pubkey|json):/, '')
  return path.startsWith('/') && !existsSync(path)
}

function pathsOf(key: LaunchKey, words: LaunchWords): readonly string[] {
  if (key === 'disks') return (words.disks ?? []).map(({ path }) => path)
  const pathKey = PATH_KEYS.find((each) => each === key)
  const path = pathKey === undefined ? undefined : words[pathKey]
  return path === undefined ? [] : [path]
}

function isBelow(path: string, plugins: readonly Plugin[]): boolean {
  return plugins.some(({ dir }) => path.startsWith(`${dir}/`))
}

function lostWords(path: string, hostScriptsRan: boolean): string {
  return hostScriptsRan
    ? `${path} is made by a host script, and is gone when the run is over; name a file that stays`
    : `${path} is not there`
}

function withLastingPaths(layer: LaunchLayer, lasting: (text: string) => string): LaunchLayer {
  // Only paths can have the name of a private copy in them.
  return JSON.parse(JSON.stringify(layer), (_, value) => (typeof value === 'string' ? lasting(value) : value))
}

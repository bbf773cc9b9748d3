import { CvmError } from '../model/errors.js'
import type { SkipReason } from '../model/plugin.js'
import { nearestWord } from './nearest-word.js'
import { parsePluginName } from './plugin-name.js'

/** A plugin directory as far as choosing is concerned. */
export interface Choosable {
  readonly name: string
  readonly stage: 'pre-stage' | 'post-stage'
  readonly notRun: boolean
}

export interface Selection {
  readonly skip: readonly string[]
  readonly only: readonly string[]
}

/**
 * Says of each plugin why it does not take part; undefined when it does.
 *
 * NOT_RUN wins over the options. `--only` keeps just the named ones of the pre-stage; the post-stage seals and checks
 * the image, so its plugins stay unless `--skip` names them, and a bare number never means one of them.
 *
 * @throws {CvmError} PLUGIN_UNKNOWN when a name matches no plugin.
 */
export function choosePlugins(found: readonly Choosable[], selection: Selection): readonly (SkipReason | undefined)[] {
  refuseUnknownNames(found, '--skip', selection.skip)
  refuseUnknownNames(found, '--only', selection.only)
  return found.map((plugin) => skipReason(plugin, selection))
}

/** A name as typed means this plugin: `03-netplan`, `netplan`, or (pre-stage only) `03` or `3`. */
export function meansPlugin(typed: string, plugin: Pick<Choosable, 'name' | 'stage'>): boolean {
  if (typed === plugin.name) return true
  const parsed = parsePluginName(plugin.name)
  if (parsed === undefined) return false
  if (typed === parsed.title) return true
  return plugin.stage === 'pre-stage' && /^\d{1,2}$/.test(typed) && Number(typed) === parsed.number
}

function skipReason(plugin: Choosable, { skip, only }: Selection): SkipReason | undefined {
  if (plugin.notRun) return 'NOT_RUN'
  if (skip.some((typed) => meansPlugin(typed, plugin))) return '--skip'
  if (plugin.stage === 'pre-stage' && only.length > 0 && !only.some((typed) => meansPlugin(typed, plugin))) {
    return '--only'
  }
  return undefined
}

function refuseUnknownNames(found: readonly Choosable[], option: string, names: readonly string[]): void {
  const unknown = names.filter((typed) => !found.some((plugin) => meansPlugin(typed, plugin)))
  if (unknown.length === 0) return
  throw new CvmError('PLUGIN_UNKNOWN', `${option} ${unknown.join(', ')}: no plugin has that name`, {
    why: unknown.map((typed) => suggestion(typed, found)).join('; '),
  })
}

function suggestion(typed: string, found: readonly Choosable[]): string {
  const sameNumber = found.find(({ name }) => /^\d{1,2}$/.test(typed) && Number(name.slice(0, 2)) === Number(typed))
  if (sameNumber !== undefined) {
    return `${typed}: ${sameNumber.name} belongs to the post-stage; give its full name if you mean it`
  }
  const byName = new Map<string, string>()
  for (const { name } of found) byName.set(name, name).set(parsePluginName(name)?.title ?? name, name)
  const nearest = nearestWord(typed, byName.keys())
  if (nearest !== undefined) return `${typed}: did you mean ${byName.get(nearest) ?? nearest}?`
  return found.length === 0 ? 'there are no plugins' : `there are: ${found.map(({ name }) => name).join(', ')}`
}

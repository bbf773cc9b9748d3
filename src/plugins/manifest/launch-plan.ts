import { resolve } from 'node:path'
import type { LaunchKey } from '../../model/launch.js'
import { LAUNCH_KEYS, LAUNCH_PATHS, PATH_KEYS } from '../../model/launch-keys.js'
import { launchMistakes } from '../../model/launch-rules.js'
import { type LaunchReading, launchWordsIn } from '../../model/launch-text.js'
import type { LaunchWords } from '../../model/launch-values.js'
import type { Problem } from '../../model/plugin.js'
import type { LaunchPlan } from '../../model/wishes.js'
import { manifestOf } from './manifest-place.js'
import { filledWords } from './merge-words.js'
import { variablesIn } from './placeholders.js'
import type { Planning, Wisher } from './plan-wishes.js'

/** Merges how plugins want the image to be started, in their order; `values` are those of their options. */
export function planLaunch(plugins: readonly Wisher[], values: Readonly<Record<string, string>>): Planning<LaunchPlan> {
  const wishes = plugins.flatMap((plugin) => wishesOf(plugin, values))
  const merged = LAUNCH_KEYS.map((key) => mergeKey(key, wishes))
  const words: LaunchWords = Object.assign({}, ...merged.map(({ word }) => word))
  const asked = Object.fromEntries(merged.flatMap(({ key, plugins: who }) => (who.length === 0 ? [] : [[key, who]])))
  const plan: LaunchPlan = { words, plugins: asked }
  const problems = [
    ...wishes.flatMap(unfitValues),
    ...merged.flatMap(({ problem }) => problem ?? []),
    ...contradictions(plan, wishes, merged),
  ]
  const notes: readonly string[] = []
  const runNotes = wishes.flatMap(noteUnset)
  return Object.keys(words).length === 0 ? { problems, notes, runNotes } : { plan, problems, notes, runNotes }
}

interface Wish extends LaunchReading {
  readonly plugin: Wisher
  /** Names of options without which the plugin wants nothing at all of the launch. */
  readonly unset: readonly string[]
}

function wishesOf(plugin: Wisher, values: Readonly<Record<string, string>>): readonly Wish[] {
  const { launch } = plugin.manifest
  if (launch === undefined) return []
  const unset: string[] = []
  const reading = launchWordsIn(launch, (word) => {
    const names = variablesIn(word) ?? []
    unset.push(...names.filter((name) => (values[name] ?? '') === ''))
    return filledWords([word], values)
  })
  const wantsSomething = Object.keys(reading.words).length > 0 || reading.mistakes.length > 0
  return [
    {
      plugin,
      mistakes: reading.mistakes,
      words: fromPlugin(reading.words, plugin.dir),
      unset: wantsSomething ? [] : [...new Set(unset)],
    },
  ]
}

/** Paths in a plugin.yaml are seen from the plugin. */
function fromPlugin(words: LaunchWords, dir: string): LaunchWords {
  const absolute: Partial<Record<LaunchKey, unknown>> = {}
  for (const key of PATH_KEYS) if (words[key] !== undefined) absolute[key] = resolve(dir, words[key])
  for (const key of ['mrowner', 'mrconfigid', 'mrownerconfig', 'hostData'] as const) {
    const [, form, path] = /^(file|pubkey|json):(.+)$/s.exec(words[key] ?? '') ?? []
    if (path !== undefined) absolute[key] = `${form}:${resolve(dir, path)}`
  }
  for (const key of ['idBlock', 'idAuth'] as const) {
    const word = words[key]
    if (word !== undefined && !/^(?:hex|base64):/.test(word)) absolute[key] = resolve(dir, word)
  }
  if (words.disks !== undefined)
    absolute.disks = words.disks.map((disk) => ({ ...disk, path: resolve(dir, disk.path) }))
  // Each value stands under the key that it had.
  return { ...words, ...(absolute as LaunchWords) }
}

interface Merged {
  readonly key: LaunchKey
  readonly word: LaunchWords
  readonly plugins: readonly string[]
  readonly problem?: Problem
}

/** Lists add up, each item once; of anything else there can be only one. */
function mergeKey(key: LaunchKey, wishes: readonly Wish[]): Merged {
  const having = wishes.filter(({ words }) => words[key] !== undefined)
  const plugins = having.map(({ plugin }) => plugin.name)
  const [first] = having
  if (first === undefined) return { key, word: {}, plugins }
  if (Array.isArray(first.words[key])) return { key, word: { [key]: unionOf(key, having) }, plugins }
  const merged = { key, word: { [key]: first.words[key] }, plugins }
  const other = having.find(({ words }) => !same(words[key], first.words[key]))
  if (other === undefined) return merged
  const [one, two] = [first, other].map(({ plugin, words }) => `${plugin.name} wants ${shown(words[key])}`)
  const what = `${LAUNCH_PATHS[key]}: ${one}, ${two}`
  return { ...merged, problem: { code: 'PLUGIN_INVALID', where: manifestOf(other.plugin), what } }
}

function unionOf(key: LaunchKey, wishes: readonly Wish[]): readonly unknown[] {
  const all = wishes.flatMap(({ words }): readonly unknown[] => {
    const value: unknown = words[key]
    return Array.isArray(value) ? value : []
  })
  return all.filter((item, index) => all.findIndex((each) => same(each, item)) === index)
}

/** What each plugin may want alone, and all together may not. */
function contradictions(
  { words, plugins }: LaunchPlan,
  wishes: readonly Wish[],
  merged: readonly Merged[],
): readonly Problem[] {
  // Where plugins do not even agree about the kind, the rest follows from that.
  const unsettled = new Set(merged.flatMap(({ key, problem }) => (problem === undefined ? [] : [key])))
  const mistakes = launchMistakes(words).filter(({ against }) => !unsettled.has(against))
  return mistakes.map(({ key, against, what }) => {
    const who = [...new Set([...(plugins[key] ?? []), ...(plugins[against] ?? [])])]
    const last = wishes.findLast(({ plugin }) => who.includes(plugin.name))
    const whose = who.length < 2 ? '' : ` (${who.join(' and ')})`
    const where = last === undefined ? who.join(' and ') : manifestOf(last.plugin)
    return { code: 'PLUGIN_INVALID', where, what: `${LAUNCH_PATHS[key]}: ${what}${whose}` }
  })
}

/** What options have put there. The value itself is not repeated. */
function unfitValues({ plugin, mistakes }: Wish): readonly Problem[] {
  return mistakes.map(({ key, what }) => ({
    code: 'PLUGIN_INVALID',
    where: manifestOf(plugin),
    what: `${LAUNCH_PATHS[key]}: what an option has put there ${what}`,
  }))
}

function noteUnset({ plugin, unset }: Wish): readonly string[] {
  return unset.length === 0 ? [] : [`${plugin.name}: ${unset.join(', ')} not given: nothing to do for the launch`]
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function shown(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

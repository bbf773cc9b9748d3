import type { Problem } from '../../model/plugin.js'
import type { AskedWord, InitrdPlan } from '../../model/wishes.js'
import { checkGuestPatterns, checkInitrdValues, type InitrdKey, readInitrdWords } from './initrd-words.js'
import { mergeWords } from './merge-words.js'
import { variablesIn } from './placeholders.js'
import type { Planning, Wisher } from './plan-wishes.js'
import { matchShipped } from './shipped-matches.js'

/**
 * Merges what plugins want of the initrd, in their order; `values` are those of their options. Patterns of shipped files are matched
 * here, with what lies in the plugins' files/ at this moment; `hostScriptsRan`: no more will come.
 */
export async function planInitrd(
  plugins: readonly Wisher[],
  values: Readonly<Record<string, string>>,
  hostScriptsRan: boolean,
): Promise<Planning<InitrdPlan>> {
  const wishers = plugins.filter(({ manifest }) => manifest.initrd !== undefined)
  const matches = await Promise.all(wishers.map((plugin) => matchShipped(plugin, values, hostScriptsRan)))
  const words = (key: InitrdKey) =>
    mergeWords(wishers.map((plugin) => ({ plugin: plugin.name, words: readInitrdWords(plugin, key, values) })))
  const plan: InitrdPlan = {
    files: mergeWords(matches.map(({ plugin, paths }) => ({ plugin, words: paths }))),
    guestFiles: words('files').filter(({ word }) => word.startsWith('/')),
    modules: words('modules'),
    load: words('load'),
    binaries: words('binaries'),
  }
  const problems: Problem[] = [
    ...wishers.flatMap((plugin) => checkInitrdValues(plugin, values)),
    ...(await Promise.all(wishers.map((plugin) => checkGuestPatterns(plugin, values)))).flat(),
    ...matches.flatMap((match) => match.problems),
  ]
  const notes = [
    ...matches.flatMap((match) => match.notes),
    ...Object.values(plan).flatMap((asked: readonly AskedWord[]) => asked.flatMap(noteAskedTwice)),
    ...wishers.flatMap((plugin) => noteUnset(plugin, values)),
  ]
  const isEmpty = Object.values(plan).every((asked) => asked.length === 0)
  return { ...(isEmpty ? {} : { plan }), problems, notes }
}

function noteAskedTwice({ word, plugins }: AskedWord): readonly string[] {
  return plugins.length < 2 ? [] : [`${plugins.join(', ')}: all ask for ${word} in the initrd; it is done once`]
}

/** A plugin that wants nothing because options have no value. */
function noteUnset(plugin: Wisher, values: Readonly<Record<string, string>>): readonly string[] {
  const { name, manifest } = plugin
  const all = KEYS.flatMap((key) => manifest.initrd?.[key] ?? [])
  if (KEYS.some((key) => readInitrdWords(plugin, key, values).length > 0)) return []
  const unset = all.flatMap((word) => variablesIn(word) ?? []).filter((option) => (values[option] ?? '') === '')
  return unset.length === 0
    ? []
    : [`${name}: ${[...new Set(unset)].join(', ')} not given: nothing to do for the initrd`]
}

const KEYS: readonly InitrdKey[] = ['files', 'modules', 'load', 'binaries']

import { join } from 'node:path'
import type { Problem } from '../../model/plugin.js'
import type { AskedWord, ImaPlan } from '../../model/wishes.js'
import { SHIPPED_POLICY } from '../ima-policy-files.js'
import { wrongLabelDirectory } from './ima-label-directory.js'
import { noteAnchor, notePolicy } from './ima-notes.js'
import { filledWords, mergeWords, type WordsOf } from './merge-words.js'
import { variablesIn } from './placeholders.js'
import type { Planning, Wisher } from './plan-wishes.js'

/**
 * Merges what plugins want of IMA, in their order. `shippers` are the plugins with a files/etc/ima/ima-policy.
 *
 * `grub`: the kernel arguments that it takes, for each plugin.
 */
export function planIma(
  plugins: readonly Wisher[],
  values: Readonly<Record<string, string>>,
  shippers: readonly string[],
): Planning<ImaPlan> & { readonly grub: readonly WordsOf[] } {
  const wishers = plugins.filter(({ manifest }) => manifest.ima !== undefined)
  if (wishers.length === 0) return { grub: [], problems: [], notes: [] }
  const words = (of: (wisher: Wisher) => readonly string[]) =>
    wishers.map((wisher) => ({ plugin: wisher.name, words: filledWords(of(wisher), values) }))
  const appraise = words(({ manifest: { ima } }) => (ima?.appraise === undefined ? [] : [ima.appraise]))
  const hash = words(({ manifest: { ima } }) => (ima?.hash === undefined ? [] : [ima.hash]))
  const labels = words(({ manifest: { ima } }) => ima?.label ?? [])
  const [mode] = known(mergeWords(appraise), MODES)
  const [digest] = known(mergeWords(hash), HASHES)
  const label = mergeWords(labels)
  const policies = wishers.flatMap(policyOf)
  const policy = policies[0]
  const problems = [
    ...onePolicy(policies, shippers),
    ...oneOf('appraise', mergeWords(appraise), MODES),
    ...oneOf('hash', mergeWords(hash), HASHES),
    ...wrongLabels(labels),
    ...(mode?.word === 'enforce' && label.length === 0 ? [enforcesWithoutLabels(mode)] : []),
  ]
  const plan: ImaPlan = {
    ...(policy === undefined ? {} : { policy: { path: policy.path, plugin: policy.plugin } }),
    ...(mode === undefined ? {} : { appraise: { mode: mode.word, plugins: mode.plugins } }),
    hash: digest?.word ?? DEFAULT_HASH,
    label,
  }
  const notes = [
    ...label
      .filter(({ plugins: who }) => who.length > 1)
      .map(({ word, plugins: who }) => `${who.join(', ')}: all label ${word}`),
    ...notePolicy(plan, plugins, values, shippers),
  ]
  const runNotes = [...wishers.flatMap((wisher) => unset(wisher, values)), ...noteAnchor(plan, shippers)]
  const grub = wishers.map(({ name }) => ({
    plugin: name,
    words: [
      ...(mode?.plugins.includes(name) ? [`ima_appraise=${mode.word}`] : []),
      ...(digest?.plugins.includes(name) ? [`ima_hash=${digest.word}`] : []),
    ],
  }))
  return { plan, grub, problems, notes, runNotes }
}

type Policy = NonNullable<ImaPlan['policy']> & { readonly isShipped: boolean }

function policyOf({ name, dir, manifest: { ima } }: Wisher): readonly Policy[] {
  if (ima?.policy === undefined) return []
  const path = join(dir, ima.policy)
  return [{ path, plugin: name, isShipped: path === join(dir, SHIPPED_POLICY) }]
}

/** The kernel has one policy: a declared one, or what one of files/ puts to the same place. */
function onePolicy(policies: readonly Policy[], shippers: readonly string[]): readonly Problem[] {
  const [first, second] = policies
  if (first === undefined) return []
  if (second !== undefined)
    return [contradiction([first.plugin, second.plugin], 'have an IMA policy, and the kernel takes one')]
  const other = shippers.find((name) => name !== first.plugin || !first.isShipped)
  if (other === undefined) return []
  if (other === first.plugin)
    return [contradiction([other], `has two IMA policies, its ima.policy and ${SHIPPED_POLICY}`)]
  return [
    contradiction(
      [first.plugin, other],
      `have an IMA policy (the latter as ${SHIPPED_POLICY}), and the kernel takes one`,
    ),
  ]
}

/** An option may have brought anything; its value is not repeated. */
function oneOf(key: string, asked: readonly AskedWord[], words: readonly string[]): readonly Problem[] {
  const wrong = asked.filter(({ word }) => !words.includes(word))
  const [first, second] = known(asked, words)
  return [
    ...wrong.map(({ plugins }) =>
      contradiction(plugins, `ima.${key}: an option has a value that is not one of ${words.join(', ')}`),
    ),
    ...(first === undefined || second === undefined
      ? []
      : [
          contradiction(
            [...first.plugins, ...second.plugins],
            `want ima.${key} to be ${first.word} and ${second.word}`,
          ),
        ]),
  ]
}

function wrongLabels(labels: readonly WordsOf[]): readonly Problem[] {
  return labels.flatMap(({ plugin, words }) =>
    words.flatMap((word) => {
      const wrong = wrongLabelDirectory(word)
      return wrong === undefined ? [] : [contradiction([plugin], `ima.label: ${wrong}`)]
    }),
  )
}

function enforcesWithoutLabels({ plugins }: AskedWord): Problem {
  return contradiction(
    plugins,
    'ima.appraise is enforce, and no plugin has an ima.label: the kernel would refuse every file',
  )
}

function contradiction(plugins: readonly string[], what: string): Problem {
  return { code: 'PLUGIN_INVALID', where: [...new Set(plugins)].join(' and '), what }
}

function unset({ name, manifest: { ima } }: Wisher, values: Readonly<Record<string, string>>): readonly string[] {
  const words = [ima?.appraise, ima?.hash, ...(ima?.label ?? [])].filter((word) => word !== undefined)
  const names = words.flatMap((word) => variablesIn(word) ?? []).filter((variable) => (values[variable] ?? '') === '')
  return names.length === 0 ? [] : [`${name}: ${[...new Set(names)].join(', ')} not given: ima does without`]
}

function known<Word extends string>(
  asked: readonly AskedWord[],
  words: readonly Word[],
): readonly (AskedWord & { readonly word: Word })[] {
  return asked.filter((each): each is AskedWord & { readonly word: Word } => words.some((word) => word === each.word))
}

const MODES = ['log', 'enforce'] as const
const HASHES = ['sha256', 'sha384', 'sha512'] as const
const DEFAULT_HASH = 'sha256'

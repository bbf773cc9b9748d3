import type { Problem } from '../../model/plugin.js'
import type { AskedWord, GrubPlan } from '../../model/wishes.js'
import { isKernelArgument, mayStandTwice, nameOfArgument } from './kernel-arguments.js'
import { manifestOf } from './manifest-place.js'
import { filledWords, mergeWords, type WordsOf } from './merge-words.js'
import { variablesIn } from './placeholders.js'
import type { Planning, Wisher } from './plan-wishes.js'

/**
 * Merges what plugins want of the boot loader, in their order; `values` are those of their options, `more` are kernel arguments
 * that follow from other wishes.
 */
export function planGrub(
  plugins: readonly Wisher[],
  values: Readonly<Record<string, string>>,
  more: readonly WordsOf[] = [],
): Planning<GrubPlan> {
  const wishes = plugins.map((plugin) => wishesOf(plugin, values))
  const words = (kind: 'add' | 'remove' | 'modules' | 'timeout') =>
    wishes.map((wish) => ({ plugin: wish.plugin, words: wish[kind] }))
  const add = mergeWords([...words('add'), ...more]).map(withRepetition)
  const remove = mergeWords(words('remove'))
  const modules = mergeWords(words('modules'))
  const timeouts = mergeWords(words('timeout'))
  const [timeout, otherTimeout] = timeouts
  const clashes = [
    ...addedAndRemoved(add, remove),
    ...addedWithTwoValues(add),
    ...(timeout === undefined || otherTimeout === undefined
      ? []
      : [clash(timeout, otherTimeout, 'the menu to wait', ' seconds')]),
  ]
  const problems = [
    ...plugins.flatMap((plugin) => unfitValues(plugin, values)),
    ...clashes.map(({ who, what }) => ({ code: 'PLUGIN_INVALID' as const, where: placeOf(who, plugins), what })),
  ]
  const notes = [...add, ...remove, ...modules].flatMap(noteAskedTwice)
  const runNotes = wishes.flatMap(noteUnset)
  if ([...add, ...remove, ...modules, ...timeouts].length === 0) return { problems, notes, runNotes }
  return { plan: { add, remove, modules, ...(timeout === undefined ? {} : { timeout }) }, problems, notes, runNotes }
}

interface Wishes {
  readonly plugin: string
  readonly add: readonly string[]
  readonly remove: readonly string[]
  readonly modules: readonly string[]
  readonly timeout: readonly string[]
  /** Names of options without which the plugin wants nothing at all of the boot loader. */
  readonly unset: readonly string[]
}

function wishesOf({ name, manifest: { grub } }: Wisher, values: Readonly<Record<string, string>>): Wishes {
  const wishes = {
    plugin: name,
    add: argumentsIn(grub?.add ?? [], values).filter(isKernelArgument),
    remove: argumentsIn(grub?.remove ?? [], values).filter(isKernelArgument),
    modules: grub?.modules ?? [],
    timeout: grub?.timeout === undefined ? [] : [String(grub.timeout)],
  }
  const words = [...(grub?.add ?? []), ...(grub?.remove ?? [])]
  const wantsNothing = [...argumentsIn(words, values), ...wishes.modules, ...wishes.timeout].length === 0
  return { ...wishes, unset: wantsNothing ? [...new Set(words.flatMap((word) => variablesIn(word) ?? []))] : [] }
}

/** The words with values in them; a value with blanks gives several arguments. */
function argumentsIn(words: readonly string[], values: Readonly<Record<string, string>>): readonly string[] {
  return filledWords(words, values).flatMap((word) => word.split(/\s+/).filter((each) => each !== ''))
}

/** What options have put into the words is checked as strictly as what stands in the file. The value itself is not repeated. */
function unfitValues(
  { name, manifest: { grub } }: Wisher,
  values: Readonly<Record<string, string>>,
): readonly Problem[] {
  const unfit = [...(grub?.add ?? []), ...(grub?.remove ?? [])].filter(
    (word) => !argumentsIn([word], values).every(isKernelArgument),
  )
  const names = unfit.flatMap((word) => variablesIn(word) ?? [])
  return [...new Set(names)].map((option) => ({
    code: 'PLUGIN_INVALID',
    where: option,
    what: `makes a word that is no kernel argument: words with blanks between them, without quotes and signs that a shell knows (an option of ${name})`,
  }))
}

function withRepetition(asked: AskedWord): GrubPlan['add'][number] {
  return mayStandTwice(nameOfArgument(asked.word)) ? { ...asked, beside: true } : asked
}

interface Clash {
  readonly who: readonly string[]
  readonly what: string
}

function addedAndRemoved(add: readonly AskedWord[], remove: readonly AskedWord[]): readonly Clash[] {
  return add.flatMap((one) =>
    remove
      .filter(
        ({ word }) => word === one.word || (!word.includes('=') && nameOfArgument(word) === nameOfArgument(one.word)),
      )
      .map((other) => ({
        who: whoOf(one, other),
        what: `${verb(one)} ${one.word} to be there, ${verb(other)} ${other.word} to be gone; an argument that is added replaces the others of its name by itself`,
      })),
  )
}

function addedWithTwoValues(add: GrubPlan['add']): readonly Clash[] {
  return add.flatMap((one, index) => {
    const other = add.slice(index + 1).find(({ word }) => nameOfArgument(word) === nameOfArgument(one.word))
    if (other === undefined || one.beside === true) return []
    return [clash(one, other, '', ', of which only the last would count')]
  })
}

function clash(one: AskedWord, other: AskedWord, before: string, after: string): Clash {
  const words = (asked: AskedWord) => [verb(asked), before, asked.word].filter((each) => each !== '').join(' ')
  return { who: whoOf(one, other), what: `${words(one)}, ${words(other)}${after}` }
}

function verb({ plugins }: AskedWord): string {
  return `${plugins.join(' and ')} ${plugins.length === 1 ? 'wants' : 'want'}`
}

function whoOf(one: AskedWord, other: AskedWord): readonly string[] {
  return [...one.plugins, ...other.plugins]
}

/** The last of those who do not agree: without it all would be well. */
function placeOf(who: readonly string[], plugins: readonly Wisher[]): string {
  const last = plugins.findLast(({ name }) => who.includes(name))
  return last === undefined ? who.join(' and ') : manifestOf(last)
}

function noteAskedTwice({ word, plugins }: AskedWord): readonly string[] {
  return plugins.length < 2 ? [] : [`${plugins.join(', ')}: all ask for ${word}; it is done once`]
}

function noteUnset({ plugin, unset }: Wishes): readonly string[] {
  return unset.length === 0 ? [] : [`${plugin}: ${unset.join(', ')} not given: nothing to do for the boot loader`]
}

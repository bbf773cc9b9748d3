import type { Problem } from '../../model/plugin.js'
import type { AskedWord, GrubPlan } from '../../model/wishes.js'
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
  const add = mergeWords([...words('add'), ...more])
  const remove = mergeWords(words('remove'))
  const modules = mergeWords(words('modules'))
  const timeouts = mergeWords(words('timeout'))
  const [timeout, otherTimeout] = timeouts
  const problems = [
    ...wishes.flatMap(notArguments),
    ...contradictions(add, remove),
    ...(timeout === undefined || otherTimeout === undefined
      ? []
      : [
          contradiction(
            timeout,
            otherTimeout,
            `want the menu to wait ${timeout.word} and ${otherTimeout.word} seconds`,
          ),
        ]),
  ]
  const notes = [
    ...[...add, ...remove, ...modules]
      .filter(({ plugins: who }) => who.length > 1)
      .map(({ word, plugins: who }) => `${who.join(', ')}: all ask for ${word}`),
    ...wishes.flatMap(({ plugin, unset }) =>
      unset.length === 0 ? [] : [`${plugin}: ${unset.join(', ')} not given: nothing to do`],
    ),
  ]
  if ([...add, ...remove, ...modules, ...timeouts].length === 0) return { problems, notes }
  return { plan: { add, remove, modules, ...(timeout === undefined ? {} : { timeout }) }, problems, notes }
}

/**
 * Arguments that the kernel takes more than once, so that two values are no contradiction; all others count where they stand last.
 * Source: the kernel's Documentation/admin-guide/kernel-parameters.txt; systemd's and dracut's kernel-command-line(7).
 */
export function mayStandTwice(name: string): boolean {
  return REPEATED.has(name) || /^(?:rd|systemd)\./.test(name)
}

interface Wishes {
  readonly plugin: string
  readonly add: readonly string[]
  readonly remove: readonly string[]
  readonly modules: readonly string[]
  readonly timeout: readonly string[]
  /** Names of options without which the plugin wants nothing at all. */
  readonly unset: readonly string[]
}

function wishesOf({ name, manifest: { grub } }: Wisher, values: Readonly<Record<string, string>>): Wishes {
  // A value with blanks gives several arguments.
  const filled = (words: readonly string[] = []) =>
    filledWords(words, values).flatMap((word) => word.split(/\s+/).filter((each) => each !== ''))
  const wishes = {
    plugin: name,
    add: filled(grub?.add),
    remove: filled(grub?.remove),
    modules: grub?.modules ?? [],
    timeout: grub?.timeout === undefined ? [] : [String(grub.timeout)],
  }
  const wantsNothing = [...wishes.add, ...wishes.remove, ...wishes.modules, ...wishes.timeout].length === 0
  const names = [...(grub?.add ?? []), ...(grub?.remove ?? [])].flatMap((word) => variablesIn(word) ?? [])
  return { ...wishes, unset: wantsNothing ? [...new Set(names)] : [] }
}

/** What options have put into the words is checked as strictly as what stands in the file. */
function notArguments({ plugin, add, remove }: Wishes): Problem[] {
  return [...add, ...remove]
    .filter((word) => !ARGUMENT.test(word))
    .map(() => ({
      code: 'PLUGIN_INVALID',
      where: plugin,
      what: 'an option has a value that cannot stand on the kernel command line',
    }))
}

function contradictions(add: readonly AskedWord[], remove: readonly AskedWord[]): readonly Problem[] {
  return add.flatMap((one, index) => {
    const removal = remove.find(({ word }) => word === one.word || word === nameOf(one.word))
    const other = add.slice(index + 1).find(({ word }) => nameOf(word) === nameOf(one.word))
    return [
      ...(removal === undefined
        ? []
        : [contradiction(one, removal, `want ${one.word} to be there and ${removal.word} to be gone`)]),
      ...(other === undefined || mayStandTwice(nameOf(one.word))
        ? []
        : [contradiction(one, other, `want ${one.word} and ${other.word}, of which only the last would count`)]),
    ]
  })
}

function contradiction(one: AskedWord, other: AskedWord, what: string): Problem {
  const who = [...new Set([...one.plugins, ...other.plugins])].join(' and ')
  return { code: 'PLUGIN_INVALID', where: who, what }
}

function nameOf(word: string): string {
  return word.split('=', 1)[0] ?? word
}

const ARGUMENT = /^(?!-)[A-Za-z0-9_.][^\s"'`\\;&|<>(){}*?[\]!#~$]{0,255}$/
const REPEATED: ReadonlySet<string> = new Set([
  ...[
    'console',
    'earlycon',
    'earlyprintk',
    'ima_policy',
    'memmap',
    'hugepagesz',
    'hugepages',
    'blacklist',
    'module_blacklist',
  ],
  ...['modprobe.blacklist', 'pci', 'dyndbg', 'ip', 'nfsroot', 'video'],
])

import type { RootfsWishes } from '../../model/manifest.js'
import type { AskedWord, RootfsPlan } from '../../model/wishes.js'
import { filledWords, mergeWords } from './merge-words.js'
import { variablesIn } from './placeholders.js'
import type { Planning, Wisher } from './plan-wishes.js'
import { findDebs } from './rootfs-debs.js'
import { planModes } from './rootfs-modes.js'
import { removalProblems } from './rootfs-removals.js'
import { contradictions, unitName } from './rootfs-units.js'
import { planUsers } from './rootfs-users.js'
import { NAME, wrongWords } from './rootfs-words.js'

/** Merges what plugins want of the root file system, in their order; `values` are those of their options. Only reads. */
export async function planRootfs(
  plugins: readonly Wisher[],
  values: Readonly<Record<string, string>>,
): Promise<Planning<RootfsPlan>> {
  const wishers = plugins.flatMap((plugin) => {
    const { rootfs } = plugin.manifest
    return rootfs === undefined ? [] : [{ plugin, rootfs }]
  })
  const words = (of: (wishes: RootfsWishes) => readonly string[]) =>
    mergeWords(wishers.map(({ plugin, rootfs }) => ({ plugin: plugin.name, words: filledWords(of(rootfs), values) })))
  const units = (kind: keyof RootfsWishes['services']) =>
    mergeWords(words(({ services }) => services[kind]).flatMap(eachAsked(unitName)))

  const groups = words((wishes) => wishes.groups)
  const packages = words((wishes) => wishes.packages)
  const remove = words((wishes) => wishes.remove)
  const services = { enable: units('enable'), disable: units('disable'), mask: units('mask') }
  const users = await planUsers(wishers, values)
  const modes = planModes(wishers, values)
  const debs = await findDebs(wishers, values)

  const problems = [
    ...wrongWords(groups, NAME, 'is no name of a group'),
    ...wrongWords(packages, PACKAGE, 'is no name of a package'),
    ...wrongWords([...services.enable, ...services.disable, ...services.mask], UNIT, 'is no name of a unit'),
    ...users.problems,
    ...modes.problems,
    ...debs.problems,
    ...removalProblems(remove, modes.modes),
    ...contradictions(services),
  ]
  const plan: RootfsPlan = {
    groups,
    users: users.users,
    authorizedKeys: users.authorizedKeys,
    packages,
    debs: debs.debs,
    modes: modes.modes,
    remove,
    ...services,
  }
  const everything = Object.values(plan).flat()
  const notes = [
    ...[...groups, ...packages, ...remove, ...services.enable, ...services.disable, ...services.mask]
      .filter(({ plugins: who }) => who.length > 1)
      .map(({ word, plugins: who }) => `${who.join(', ')}: all ask for ${word}`),
  ]
  const runNotes = [
    ...wishers.flatMap(({ plugin, rootfs }) => {
      if (everything.some(({ plugins: who }) => who.includes(plugin.name))) return []
      const unset = [...new Set(JSON.stringify(rootfs).match(/\$[A-Z][A-Z0-9_]*/g) ?? [])].flatMap(
        (word) => variablesIn(word) ?? [],
      )
      return unset.length === 0 ? [] : [`${plugin.name}: ${unset.join(', ')} not given: nothing to do`]
    }),
  ]
  return everything.length === 0 ? { problems, notes, runNotes } : { plan, problems, notes, runNotes }
}

/** For what stands in a list of several plugins: the same word in another form. */
function eachAsked(form: (word: string) => string): (asked: AskedWord) => { plugin: string; words: string[] }[] {
  return ({ word, plugins }) => plugins.map((plugin) => ({ plugin, words: [form(word)] }))
}

const PACKAGE = /^[a-z0-9][a-zA-Z0-9.+:_-]{0,127}$/
const UNIT = /^[A-Za-z0-9][A-Za-z0-9:_.@-]{0,135}$/

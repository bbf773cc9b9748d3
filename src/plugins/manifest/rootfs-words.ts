import type { RootfsWishes } from '../../model/manifest.js'
import type { Problem } from '../../model/plugin.js'
import type { AskedWord } from '../../model/wishes.js'
import type { Wisher } from './plan-wishes.js'

/** A plugin that takes part, with its wishes for the root file system. */
export interface RootfsWisher {
  readonly plugin: Wisher
  readonly rootfs: RootfsWishes
}

/** A problem of all who asked for something. */
export function rootfsProblem(plugins: readonly string[], what: string): Problem {
  return { code: 'PLUGIN_INVALID', where: [...new Set(plugins)].join(' and '), what: `rootfs: ${what}` }
}

/** What an option has put into a word is checked as strictly as what stands in the file. */
export function wrongWords(words: readonly AskedWord[], form: RegExp, what: string): readonly Problem[] {
  return words
    .filter(({ word }) => !form.test(word))
    .map(({ word, plugins }) => rootfsProblem(plugins, `${JSON.stringify(word.slice(0, 80))} ${what}`))
}

/** Names of users and groups: useradd(8) of Debian. */
export const NAME = /^[a-z_][a-z0-9_-]{0,31}$/

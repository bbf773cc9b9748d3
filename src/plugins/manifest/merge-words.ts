import type { AskedWord } from '../../model/wishes.js'
import { fillIn } from './placeholders.js'

/** One plugin's words of some sort. */
export interface WordsOf {
  readonly plugin: string
  readonly words: readonly string[]
}

/**
 * The words with the values of options in their places. A word with an option that has no value is left out; a list of values gives
 * one word for each.
 */
export function filledWords(words: readonly string[], values: Readonly<Record<string, string>>): readonly string[] {
  return words.flatMap((word) => (fillIn(word, values) ?? '').split('\n').filter((each) => each.trim() !== ''))
}

/** All plugins' words, each once, in the order in which they come first, with all who asked for it. */
export function mergeWords(wishes: readonly WordsOf[]): readonly AskedWord[] {
  const found = new Map<string, string[]>()
  for (const { plugin, words } of wishes) {
    for (const word of words) {
      const who = found.get(word) ?? []
      if (!who.includes(plugin)) who.push(plugin)
      found.set(word, who)
    }
  }
  return [...found].map(([word, plugins]) => ({ word, plugins }))
}

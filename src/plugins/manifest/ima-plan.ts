import type { ImaPlan } from '../../model/wishes.js'
import type { WordsOf } from './merge-words.js'
import type { Planning, Wisher } from './plan-wishes.js'

/** `grub`: the kernel arguments that it takes. */
export function planIma(
  _plugins: readonly Wisher[],
  _values: Readonly<Record<string, string>>,
): Planning<ImaPlan> & { readonly grub: readonly WordsOf[] } {
  return { grub: [], problems: [], notes: [] }
}

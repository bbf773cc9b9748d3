import { readPathPattern } from '../model/path-pattern.js'
import type { AskedWord, InitrdPlan } from '../model/wishes.js'

/**
 * What every initrd has to hold, for cloud-init/guest/initrd-settings.sh: a line for each wish, of columns with tabs between them;
 * the kind, the word, who asked for it. Kinds: `file`, `module`, `load`, `binary`, and `pattern`, which has two columns more: the
 * directory that the guest looks through, and the extended regular expression of the paths that it takes.
 */
export function initrdWishesText({ files, guestFiles, modules, load, binaries }: InitrdPlan): string {
  return [
    ...files.map((asked) => line('file', asked)),
    ...guestFiles.map(guestFileLine),
    ...modules.map((asked) => line('module', asked)),
    ...load.map((asked) => line('load', asked)),
    ...binaries.map((asked) => line('binary', asked)),
  ].join('')
}

function guestFileLine(asked: AskedWord): string {
  const { base, hasSigns, regex } = readPathPattern(asked.word)
  return hasSigns ? line('pattern', asked, base, regex) : line('file', { ...asked, word: base })
}

function line(kind: string, { word, plugins }: AskedWord, ...more: readonly string[]): string {
  return `${[kind, word, plugins.join(', '), ...more].join('\t')}\n`
}

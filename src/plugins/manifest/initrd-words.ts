import type { InitrdWishes } from '../../model/manifest.js'
import { readPathPattern } from '../../model/path-pattern.js'
import type { Problem } from '../../model/plugin.js'
import { filledWords } from './merge-words.js'
import { variablesIn } from './placeholders.js'
import type { Wisher } from './plan-wishes.js'
import { wishPlace } from './wish-place.js'

export type InitrdKey = keyof InitrdWishes

/** A plugin's words below one key of `initrd`, with values in them; what is no such word is left out. */
export function readInitrdWords(
  { manifest: { initrd } }: Wisher,
  key: InitrdKey,
  values: Readonly<Record<string, string>>,
): readonly string[] {
  const fit = filledWords(initrd?.[key] ?? [], values).filter((word) => FORMS[key].pattern.test(word))
  // The kernel's programs take both names for one module.
  return key === 'modules' || key === 'load' ? fit.map((word) => word.replaceAll('-', '_')) : fit
}

/** What options bring into the words is checked as strictly as what stands in the file. The value itself is not repeated. */
export function checkInitrdValues(
  { name, manifest: { initrd } }: Wisher,
  values: Readonly<Record<string, string>>,
): readonly Problem[] {
  return KEYS.flatMap((key) => {
    const unfit = (initrd?.[key] ?? []).filter(
      (word) => !filledWords([word], values).every((each) => FORMS[key].pattern.test(each)),
    )
    const options = new Set(unfit.flatMap((word) => variablesIn(word) ?? []))
    return [...options].map((option) => ({
      code: 'PLUGIN_INVALID' as const,
      where: option,
      what: `makes a word that is ${FORMS[key].words} (an option of ${name})`,
    }))
  })
}

/** Patterns of the guest's files whose first name is one itself: the guest would look at all that it has. */
export async function checkGuestPatterns(
  plugin: Wisher,
  values: Readonly<Record<string, string>>,
): Promise<readonly Problem[]> {
  const patterns = plugin.manifest.initrd?.files ?? []
  const problems = patterns.map(async (pattern, index): Promise<Problem[]> => {
    const wide = filledWords([pattern], values).some(
      (word) => word.startsWith('/') && readPathPattern(word).base === '/',
    )
    if (!wide) return []
    return [
      {
        code: 'PLUGIN_INVALID',
        where: await wishPlace(plugin, ['initrd', 'files', index]),
        what: 'initrd.files: a pattern of files of the guest has to begin with the name of a directory, such as /etc/',
      },
    ]
  })
  return (await Promise.all(problems)).flat()
}

const KEYS: readonly InitrdKey[] = ['files', 'modules', 'load', 'binaries']
const MODULE = { pattern: /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, words: 'no name of a kernel module' }

/** As manifest-schema.ts has them. */
const FORMS: Readonly<Record<InitrdKey, { readonly pattern: RegExp; readonly words: string }>> = {
  files: {
    pattern: /^(?!.*(?:^|\/)\.\.(?:\/|$))[^\u0000-\u001f\u007f"`\\]{1,1023}$/,
    words: 'no pattern of files: no "..", quotes, backslashes or control characters',
  },
  modules: MODULE,
  load: MODULE,
  binaries: {
    pattern: /^\/(?!(?:.*\/)?\.{1,2}(?:\/|$))[^\u0000-\u001f\u007f]{0,1022}[^\u0000-\u001f\u007f/]$/,
    words: 'no absolute path',
  },
}

import type { Problem } from '../../model/plugin.js'
import type { RootfsPlan } from '../../model/wishes.js'
import { filledWords } from './merge-words.js'
import { NAME, type RootfsWisher, rootfsProblem } from './rootfs-words.js'

type Mode = RootfsPlan['modes'][number]

/** Modes and owners by path; what two plugins say of the same path is put together. */
export function planModes(
  wishers: readonly RootfsWisher[],
  values: Readonly<Record<string, string>>,
): { readonly modes: RootfsPlan['modes']; readonly problems: readonly Problem[] } {
  const found = new Map<string, Mode>()
  const problems: Problem[] = []
  for (const { plugin, rootfs } of wishers) {
    for (const { path, mode, owner, group } of rootfs.modes) {
      const asked = withoutUnset({ mode, owner: filled(owner, values), group: filled(group, values) })
      for (const name of [asked.owner, asked.group])
        if (name !== undefined && !NAME.test(name))
          problems.push(rootfsProblem([plugin.name], `modes: ${path}: an option has no name of a user or group`))
      if (Object.keys(asked).length === 0) continue
      const before = found.get(path)
      problems.push(...differing(before, { path, ...asked, plugins: [plugin.name] }))
      found.set(path, { path, ...before, ...asked, plugins: [...(before?.plugins ?? []), plugin.name] })
    }
  }
  return { modes: [...found.values()], problems }
}

function differing(one: Mode | undefined, other: Mode): readonly Problem[] {
  if (one === undefined) return []
  return KEYS.flatMap((key) => {
    const [first, second] = [one[key], other[key]]
    if (first === undefined || second === undefined || first === second) return []
    const what = `modes: want ${other.path} to have the ${key} ${first} and ${second}`
    return [rootfsProblem([...one.plugins, ...other.plugins], what)]
  })
}

/** An owner is one name; an option without a value leaves it as it is. */
function filled(word: string | undefined, values: Readonly<Record<string, string>>): string | undefined {
  const words = word === undefined ? [] : filledWords([word], values)
  return words.length === 0 ? undefined : words.join('\n')
}

function withoutUnset(
  asked: Readonly<Record<(typeof KEYS)[number], string | undefined>>,
): Partial<Record<(typeof KEYS)[number], string>> {
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
}

const KEYS = ['mode', 'owner', 'group'] as const

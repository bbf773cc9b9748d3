import type { ManifestText } from './manifest-schema.js'
import { readOptionValue } from './option-values.js'
import { variablesIn } from './placeholders.js'
import { isReserved } from './reserved-names.js'
import { toOption } from './to-manifest.js'
import type { YamlPath } from './yaml-places.js'

/** Something in a plugin.yaml that has the right form and cannot be meant. */
export interface BrokenRule {
  readonly path: YamlPath
  readonly at: 'key' | 'value'
  readonly what: string
}

/** What no schema can say: names that have to be there, values that have to go together. */
export async function brokenRules(manifest: ManifestText): Promise<readonly BrokenRule[]> {
  const options = Object.entries(manifest.options ?? {})
  return [
    ...(await Promise.all(options.map(([name, option]) => optionRules(name, option)))).flat(),
    ...undeclaredRequirements(manifest),
    ...KINDS.flatMap((kind) => wordsBelow([kind], manifest[kind])).flatMap((word) => placeholderRules(word, manifest)),
  ]
}

async function optionRules(name: string, option: OptionText): Promise<readonly BrokenRule[]> {
  const path = ['options', name]
  const isEnum = option.type === 'enum' || option.of === 'enum'
  const rules = [
    isReserved(name) && broken(path, 'is a name that has a meaning of its own; choose another one', 'key'),
    isEnum && option.values === undefined && broken(path, 'needs values: what it may be'),
    !isEnum && option.values !== undefined && broken([...path, 'values'], 'is for enums; the type is another one'),
    option.of !== undefined &&
      option.type !== 'list' &&
      broken([...path, 'of'], 'is for lists; the type is another one'),
    Array.isArray(option.default) &&
      option.type !== 'list' &&
      broken([...path, 'default'], 'is a list; the type is another one'),
    option.secret === true &&
      option.default !== undefined &&
      broken([...path, 'default'], 'a secret has no default: all can read it here'),
    await defaultRule(name, option),
  ]
  return rules.filter((rule) => rule !== false)
}

/** What is at a path is a matter of the machine, and looked at when the option is used. */
async function defaultRule(name: string, option: OptionText): Promise<BrokenRule | false> {
  const settled = toOption(name, option)
  const isEmptyEnum = option.values === undefined && (option.type === 'enum' || option.of === 'enum')
  if (settled.default === undefined || option.type === 'path' || option.of === 'path' || isEmptyEnum) return false
  const reading = await readOptionValue(settled, settled.default)
  return 'wrong' in reading && broken(['options', name, 'default'], `the default ${reading.wrong}`)
}

function undeclaredRequirements({ requires, options }: ManifestText): readonly BrokenRule[] {
  return (requires?.options ?? []).flatMap((name, index) =>
    options?.[name] === undefined
      ? [broken(['requires', 'options', index], `${name} is not among this plugin's options`)]
      : [],
  )
}

interface PlacedWord {
  readonly path: YamlPath
  readonly word: string
}

function placeholderRules({ path, word }: PlacedWord, { options }: ManifestText): readonly BrokenRule[] {
  const names = variablesIn(word)
  if (names === undefined) return [broken(path, 'has a "$" without the name of an option behind it')]
  return names.flatMap((name) => {
    const option = options?.[name]
    if (option === undefined) return [broken(path, `takes $${name}, which is not among this plugin's options`)]
    if (option.secret !== true) return []
    return [broken(path, `takes $${name}, which is secret: what stands here can be read by all`)]
  })
}

function wordsBelow(path: YamlPath, value: unknown): readonly PlacedWord[] {
  if (typeof value === 'string') return [{ path, word: value }]
  if (Array.isArray(value)) return value.flatMap((item, index) => wordsBelow([...path, index], item))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => wordsBelow([...path, key], item))
}

function broken(path: YamlPath, what: string, at: BrokenRule['at'] = 'value'): BrokenRule {
  return { path, at, what }
}

type OptionText = NonNullable<ManifestText['options']>[string]
const KINDS = ['grub', 'initrd', 'ima', 'rootfs', 'vm', 'launch-identity', 'secure-boot', 'firmware-variables'] as const

import { CORE_SCHEMA, load, YAMLException } from 'js-yaml'
import type { GrubWishes, PluginManifest, PluginOption, RootfsWishes, UserWish } from '../../model/manifest.js'
import { type Findings, type PluginLocation, problem, readFileIfThere } from '../plugin-files.js'
import type { ManifestText } from './manifest-schema.js'
import { readOptionValue } from './option-values.js'
import { variablesIn } from './placeholders.js'
import { isReserved } from './reserved-names.js'
import { findPlaces, type Place, type YamlPath, type YamlPlaces } from './yaml-places.js'

/** The plugin.yaml of a plugin, checked; undefined when there is none or when it is wrong, which is among the findings then. */
export async function readManifest(location: PluginLocation, found: Findings): Promise<PluginManifest | undefined> {
  const bytes = await readFileIfThere(`${location.dir}/${FILE}`)
  if (bytes === undefined) return undefined
  const file = `${location.shownDir}/${FILE}`
  if (!Buffer.isBuffer(bytes)) return problem(found, file, `cannot be read: ${bytes.message}`)
  if (bytes.length > LARGEST_BYTES) return problem(found, file, `is larger than ${LARGEST_BYTES >> 10} KiB`)
  const complain = (what: string, at?: Place) =>
    problem(found, at === undefined ? file : `${file}:${at.line}:${at.column}`, what)
  const read = readText(bytes.toString('utf8'), complain)
  if (read === undefined) return undefined
  const checked = await checkForm(read.value, read.places, complain)
  if (checked === undefined) return undefined
  return (await checkMeaning(checked, read.places, complain)) ? toManifest(checked) : undefined
}

type Complain = (what: string, at?: Place) => undefined

function readText(text: string, complain: Complain): { value: unknown; places: YamlPlaces } | undefined {
  try {
    // YAML 1.2: `no` and 0644 are what they look like.
    const value = load(text, { schema: CORE_SCHEMA })
    const places = findPlaces(text)
    if (places.indirection !== undefined)
      return complain('has an anchor, an alias or a tag; write it out', places.indirection)
    return { value, places }
  } catch (error) {
    if (!(error instanceof YAMLException)) return complain('is not readable as YAML')
    if (error.reason.includes('input is empty')) return complain('is empty; remove it, or say something in it')
    if (error.mark === undefined) return complain(error.reason)
    return complain(error.reason, { line: error.mark.line + 1, column: error.mark.column + 1 })
  }
}

/** zod takes a tenth of a second to load, so only for those who have a plugin.yaml. */
async function checkForm(value: unknown, places: YamlPlaces, complain: Complain): Promise<ManifestText | undefined> {
  const [{ manifestSchema }, { wordsOf, keysAt }] = await Promise.all([
    import('./manifest-schema.js'),
    import('./schema-words.js'),
  ])
  const result = manifestSchema.safeParse(value)
  if (result.success) return result.data
  for (const issue of result.error.issues) {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
    const known = keysAt(manifestSchema, path)
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys)
        complain(`${shownPath(path)}${wordsOf({ ...issue, keys: [key] }, known)}`, places.key([...path, key]))
    } else {
      const at = issue.code === 'invalid_key' ? places.key(path) : places.value(path)
      complain(`${shownPath(path)}${wordsOf(issue, known)}`, at)
    }
  }
  return undefined
}

/** What no schema can say. True when all is well. */
async function checkMeaning(manifest: ManifestText, places: YamlPlaces, complain: Complain): Promise<boolean> {
  let good = true
  const wrong = (path: YamlPath, what: string) => {
    good = false
    complain(`${shownPath(path)}${what}`, places.value(path))
  }
  for (const [name, option] of Object.entries(manifest.options ?? {})) {
    const path = ['options', name]
    if (isReserved(name)) wrong(path, 'is a name that has a meaning of its own; choose another one')
    const isEnum = option.type === 'enum' || option.of === 'enum'
    if (isEnum !== (option.values !== undefined))
      wrong(path, isEnum ? 'needs values: what it may be' : 'has values, but its type is not enum')
    if (option.of !== undefined && option.type !== 'list') wrong(path, 'has "of", but its type is not list')
    if (Array.isArray(option.default) && option.type !== 'list')
      wrong(path, 'has a list as its default; its type is not list')
    const settled = toOption(name, option)
    // What is at a path is a matter of the machine, and looked at when the option is used.
    if (settled.default === undefined || option.type === 'path' || option.of === 'path') continue
    const reading = await readOptionValue(settled, settled.default)
    if ('wrong' in reading) wrong([...path, 'default'], `the default ${reading.wrong}`)
  }
  for (const [index, name] of (manifest.requires?.options ?? []).entries()) {
    if (manifest.options?.[name] === undefined)
      wrong(['requires', 'options', index], `${name} is not among this plugin's options`)
  }
  for (const kind of KINDS) {
    for (const { path, word } of wordsBelow([kind], manifest[kind])) {
      const names = variablesIn(word)
      if (names === undefined) wrong(path, 'has a "$" without the name of an option behind it')
      for (const name of names ?? []) {
        const option = manifest.options?.[name]
        if (option === undefined) wrong(path, `takes $${name}, which is not among this plugin's options`)
        else if (option.secret === true)
          wrong(path, `takes $${name}, which is secret: what stands here can be read by all`)
      }
    }
  }
  return good
}

function wordsBelow(path: YamlPath, value: unknown): readonly { readonly path: YamlPath; readonly word: string }[] {
  if (typeof value === 'string') return [{ path, word: value }]
  if (Array.isArray(value)) return value.flatMap((item, index) => wordsBelow([...path, index], item))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => wordsBelow([...path, key], item))
}

function toManifest({ description, options, requires, grub, initrd, ima, rootfs }: ManifestText): PluginManifest {
  return {
    ...(description === undefined ? {} : { description }),
    options: Object.entries(options ?? {}).map(([name, option]) => toOption(name, option)),
    requires: { options: [], host: [], guest: [], before: [], after: [], ...requires },
    ...(grub === undefined ? {} : { grub: toGrubWishes(grub) }),
    ...(initrd === undefined ? {} : { initrd: { files: [], modules: [], load: [], binaries: [], ...initrd } }),
    ...(ima === undefined ? {} : { ima: { label: [], ...ima } }),
    ...(rootfs === undefined ? {} : { rootfs: toRootfsWishes(rootfs) }),
  }
}

function toOption(name: string, { values, default: given, secret = false, ...rest }: OptionText): PluginOption {
  const fallback = Array.isArray(given) ? given.map(String).join('\n') : given
  return {
    name,
    ...rest,
    secret,
    ...(values === undefined ? {} : { values: values.map(String) }),
    ...(fallback === undefined ? {} : { default: String(fallback) }),
  }
}

function toGrubWishes({ cmdline, ...rest }: Kind<'grub'>): GrubWishes {
  return { add: [], remove: [], modules: [], ...cmdline, ...rest }
}

function toRootfsWishes(rootfs: Kind<'rootfs'>): RootfsWishes {
  const { groups = [], users = [], packages = [], debs, modes = {}, remove = [], services } = rootfs
  return {
    groups,
    users: users.map(toUserWish),
    authorizedKeys: rootfs['authorized-keys'] ?? [],
    packages,
    ...(debs === undefined ? {} : { debs }),
    modes: Object.entries(modes).map(([path, wish]) => ({
      path,
      ...(typeof wish === 'string' ? { mode: wish } : wish),
    })),
    remove,
    services: { enable: [], disable: [], mask: [], ...services },
  }
}

function toUserWish(user: NonNullable<Kind<'rootfs'>['users']>[number]): UserWish {
  if (typeof user === 'string') return { name: user, groups: [], sudo: 'false', system: false }
  return { groups: [], system: false, ...user, sudo: String(user.sudo ?? false) }
}

type OptionText = NonNullable<ManifestText['options']>[string]
type Kind<Name extends (typeof KINDS)[number]> = NonNullable<ManifestText[Name]>

function shownPath(path: YamlPath): string {
  if (path.length === 0) return ''
  const shown = path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? step : `${text}.${step}`
  }, '')
  return `${shown.slice(0, 120)}: `
}

const KINDS = ['grub', 'initrd', 'ima', 'rootfs'] as const
const FILE = 'plugin.yaml'
const LARGEST_BYTES = 256 << 10

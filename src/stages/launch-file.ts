import { basename, dirname, resolve } from 'node:path'
import { CvmError } from '../model/errors.js'
import type { LaunchKey, LaunchLayer, LaunchWishes } from '../model/launch.js'
import { LAUNCH_KEYS, LAUNCH_PATHS } from '../model/launch-keys.js'
import { launchMistakes } from '../model/launch-rules.js'
import { type LaunchText, launchWordsIn } from '../model/launch-text.js'
import type { LaunchWords } from '../model/launch-values.js'
import { readFormFile } from '../plugins/manifest/read-form-bytes.js'
import { type Complain, placedMistakes, readYamlForm, shownPath } from '../plugins/manifest/yaml-form.js'
import { resolveLaunchWords } from './launch-words.js'

export interface LaunchFile {
  /** Absolute. */
  readonly path: string
  /** Absolute path of the image that it is about. */
  readonly image?: string
  /** The weakest first: one, or of an output.launch.json one for each origin that it tells. */
  readonly layers: readonly LaunchLayer[]
  /** All of them together. */
  readonly wishes: LaunchWishes
}

/**
 * Reads a launch file, YAML or JSON. Its paths are seen from its directory.
 *
 * @throws {CvmError} LAUNCH_INVALID with every mistake and its place; IDENTITY_INVALID.
 */
export async function readLaunchFile(path: string, cwd: string = process.cwd()): Promise<LaunchFile> {
  const absolute = resolve(cwd, path)
  const bytes = await readRegularFile(absolute, path)
  const { result: text, mistakes } = await placedMistakes(path, (complain) => readText(bytes, complain))
  if (text === undefined) throw mistaken(path, mistakes)
  const dir = dirname(absolute)
  const layer = await resolveLaunchWords(launchWordsIn(text).words, dir, basename(path))
  const image = text['image']
  return {
    path: absolute,
    ...(typeof image === 'string' ? { image: resolve(dir, image) } : {}),
    layers: layersByOrigin(layer, wordsAt(text['origins']), wordsAt(text['made-from'])),
    wishes: layer.wishes,
  }
}

async function readRegularFile(absolute: string, shown: string): Promise<Buffer> {
  try {
    return await readFormFile(absolute)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CvmError('LAUNCH_INVALID', `the launch file ${shown} cannot be read`, { why, cause })
  }
}

async function readText(bytes: Buffer, complain: Complain): Promise<LaunchText | undefined> {
  // zod takes a tenth of a second to load, so only for those who have such a file.
  const schema = async () => (await import('../plugins/manifest/launch-schema.js')).launchFileSchema
  const form = await readYamlForm(bytes, schema, complain)
  if (form === undefined) return undefined
  const { words } = launchWordsIn(form.value)
  const mistakes = launchMistakes(words)
  for (const { key, what } of mistakes) {
    const at = LAUNCH_PATHS[key].split('.')
    complain(`${shownPath(at)}${what}`, form.places.value(at))
  }
  return mistakes.length === 0 ? form.value : undefined
}

function mistaken(path: string, mistakes: readonly { readonly where: string; readonly what: string }[]): CvmError {
  const [first, other] = mistakes
  if (first !== undefined && other === undefined)
    return new CvmError('LAUNCH_INVALID', first.where, { why: first.what })
  const lines = mistakes.map(({ where, what }) => `${where}: ${what}`)
  return new CvmError('LAUNCH_INVALID', `${mistakes.length} mistakes in ${path}`, { lines })
}

/** A rewrite tells where each value is from; that stays known when its file is read. */
function layersByOrigin(
  layer: LaunchLayer,
  origins: Readonly<Record<string, string>>,
  madeFrom: Readonly<Record<string, string>>,
): readonly LaunchLayer[] {
  const found = new Map<string, { wishes: LaunchWords; madeFrom: Partial<Record<LaunchKey, string>> }>()
  for (const key of LAUNCH_KEYS) {
    if (layer.wishes[key] === undefined) continue
    const told = origins[LAUNCH_PATHS[key]]
    const origin = told === undefined ? layer.origin : `${told} (${layer.origin})`
    const made = madeFrom[LAUNCH_PATHS[key]] ?? layer.madeFrom?.[key]
    const before = found.get(origin) ?? { wishes: {}, madeFrom: {} }
    found.set(origin, {
      wishes: { ...before.wishes, [key]: layer.wishes[key] },
      madeFrom: made === undefined ? before.madeFrom : { ...before.madeFrom, [key]: made },
    })
  }
  // Words that are resolved are wishes.
  return [...found].map(([origin, { wishes, madeFrom: made }]) => ({
    origin,
    wishes: wishes as LaunchWishes,
    madeFrom: made,
  }))
}

function wordsAt(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

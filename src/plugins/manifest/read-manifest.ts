import type { PluginManifest } from '../../model/manifest.js'
import { type Findings, type PluginLocation, problem, readFileIfThere } from '../plugin-files.js'
import { brokenRules } from './manifest-rules.js'
import { toManifest } from './to-manifest.js'
import { type Complain, placedMistakes, readYamlForm, shownPath } from './yaml-form.js'

/** The plugin.yaml of a plugin, checked; undefined when there is none or when it is wrong, which is among the findings then. */
export async function readManifest(location: PluginLocation, found: Findings): Promise<PluginManifest | undefined> {
  const bytes = await readFileIfThere(`${location.dir}/${FILE}`)
  if (bytes === undefined) return undefined
  const file = `${location.shownDir}/${FILE}`
  if (!Buffer.isBuffer(bytes)) return problem(found, file, `cannot be read: ${bytes.message}`)
  return await manifestFrom(bytes, file, found)
}

/** The same of its bytes; `file` as a person would type it. Problems are in the order of their places. */
export async function manifestFrom(
  bytes: Uint8Array,
  file: string,
  found: Findings,
): Promise<PluginManifest | undefined> {
  const { result, mistakes } = await placedMistakes(file, (complain) => readBytes(bytes, complain))
  for (const { where, what } of mistakes) problem(found, where, what)
  return result
}

async function readBytes(bytes: Uint8Array, complain: Complain): Promise<PluginManifest | undefined> {
  // zod takes a tenth of a second to load, so only for those who have a plugin.yaml.
  const form = await readYamlForm(bytes, async () => (await import('./manifest-schema.js')).manifestSchema, complain)
  if (form === undefined) return undefined
  const broken = await brokenRules(form.value)
  for (const { path, at, what } of broken) complain(`${shownPath(path)}${what}`, form.places[at](path))
  return broken.length === 0 ? toManifest(form.value) : undefined
}

const FILE = 'plugin.yaml'

import { lstat, readdir, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { SettledOption } from '../model/manifest.js'
import type { Plugin, Problem, SkipReason } from '../model/plugin.js'
import type { Wishes } from '../model/wishes.js'
import { isEditorJunk, nameAsText, showName } from './file-names.js'
import { planWishes } from './manifest/plan-wishes.js'
import { checkOrder } from './manifest/requirements.js'
import { settleOptions } from './manifest/settle-options.js'
import { type PayloadTree, payloadTree } from './payload-tree.js'
import { describeSkipped, type PluginReading, readPluginDirectory } from './plugin-directory.js'
import type { PluginLocation } from './plugin-files.js'
import { parsePluginName, whyNoPluginName } from './plugin-name.js'
import { choosePlugins, meansPlugin } from './selection.js'
import { reasonOf } from './tree-listing.js'
import { checkUserDataLimits, type SizedPart } from './user-data-limits.js'
import { noteOverlaps } from './user-data-overlaps.js'

export interface PluginDirectories {
  readonly preStage?: string
  readonly postStage?: string
}

export interface ReadPluginsInput {
  readonly dirs: PluginDirectories
  readonly skip: readonly string[]
  readonly only: readonly string[]
  /** Where the options of plugin.yaml files have their values from. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** For a look at the plugins themselves: those take part too that lack an option which they require. */
  readonly lacking?: 'kept'
  /** The host scripts have run: what they were to write has to be there. */
  readonly hostScriptsRan?: boolean
}

export interface PluginsReading {
  /** Pre-stage first, each stage in the order of the bytes of its names; skipped ones included, with the reason. */
  readonly plugins: readonly Plugin[]
  /** Everything that is wrong anywhere; the run must not start unless this is empty. */
  readonly problems: readonly Problem[]
  /** What a person should know, the plugins' own warnings included. */
  readonly notes: readonly string[]
  /** For who runs the plugins, and nothing to mend in them: what they do not do because options have no value, for one. */
  readonly runNotes: readonly string[]
  /** What the files/ of all running plugins put into the guest, before any host_run.sh has added to them. */
  readonly payload: PayloadTree
  /** What plugin.yaml files declare; the values of secret ones are not in it. */
  readonly options: readonly SettledOption[]
  /** Names of all options that are declared, those with a wrong value too. */
  readonly declared: readonly string[]
  /** The values of those options that have one, secret ones included. */
  readonly variables: Readonly<Record<string, string>>
  /** Names of the secret ones. */
  readonly secrets: readonly string[]
  readonly wishes: Wishes
}

/**
 * Reads and checks the plugin directories of both stages. Nothing is run or changed.
 *
 * @throws {CvmError} PLUGIN_UNKNOWN when a name of `skip` or `only` matches no plugin.
 */
export async function readPlugins(input: ReadPluginsInput): Promise<PluginsReading> {
  const found = await findPlugins(input.dirs)
  const problems: Problem[] = [...found.problems]
  const notes: string[] = [
    ...found.notes,
    ...noteSharedNumbers(found.locations),
    ...noteUselessOnly(found.locations, input.only),
  ]
  const reasons = choosePlugins([...found.locations, ...found.misnamed], input)
  const readings = await readTogether(found.locations, reasons, input.hostScriptsRan)
  for (const { plugin, problems: wrong } of readings) {
    problems.push(...wrong)
    notes.push(...plugin.warnings)
  }
  const settled = await settleOptions(
    readings.map(({ plugin }) => plugin),
    input.environment,
  )
  const all = input.lacking === 'kept' ? readings : readings.map((reading) => withoutIdle(reading, settled.variables))
  const plugins = all.map(({ plugin }) => plugin)
  const payload = payloadTree(
    found.locations.flatMap(({ name, shownDir }, index) => {
      const reading = all[index]
      if (reading === undefined || reading.plugin.skipped !== undefined || !reading.plugin.hasFiles) return []
      return [{ plugin: name, shownDir: `${shownDir}/files`, listing: reading.files }]
    }),
  )
  const planned = await planWishes(plugins, settled.variables, input.hostScriptsRan)
  problems.push(
    ...payload.problems,
    ...checkUserDataLimits(plugins.flatMap(sizedParts)),
    ...settled.problems,
    ...checkOrder(plugins),
    ...planned.problems,
  )
  notes.push(...payload.notes, ...noteOverlaps(all.flatMap(({ cloudConfigs }) => cloudConfigs)), ...planned.notes)
  const { declared, options, variables, secrets } = settled
  const { wishes, runNotes } = planned
  return { plugins, problems, notes, runNotes, payload: payload.tree, declared, options, variables, secrets, wishes }
}

/** Several at a time: the waits for many small files are what takes the time. The order stays. */
async function readTogether(
  locations: readonly PluginLocation[],
  reasons: readonly (SkipReason | undefined)[],
  hostScriptsRan: boolean | undefined,
): Promise<readonly PluginReading[]> {
  const readings: PluginReading[] = []
  for (let from = 0; from < locations.length; from += TOGETHER) {
    const some = locations.slice(from, from + TOGETHER).map(async (location, index) => {
      const reason = reasons[from + index]
      if (reason === undefined) return await readPluginDirectory(location, hostScriptsRan)
      return { ...NOTHING, plugin: await describeSkipped(location, reason) }
    })
    readings.push(...(await Promise.all(some)))
  }
  return readings
}

/** A plugin that requires an option without a value has been checked, and brings nothing. */
function withoutIdle(reading: PluginReading, values: Readonly<Record<string, string>>): PluginReading {
  const { plugin } = reading
  const missing = (plugin.manifest?.requires.options ?? []).filter((name) => (values[name] ?? '') === '')
  if (plugin.skipped !== undefined || missing.length === 0) return reading
  return { ...NOTHING, plugin: { ...plugin, skipped: `${missing.join(', ')} not given` } }
}

interface FoundPlugin extends PluginLocation {
  readonly notRun: boolean
}

interface Found {
  readonly locations: FoundPlugin[]
  /** Directories that a person may have meant as plugins, so that their names are no unknown ones. */
  readonly misnamed: { name: string; stage: PluginLocation['stage']; notRun: boolean }[]
  readonly problems: Problem[]
  readonly notes: string[]
}

async function findPlugins(dirs: PluginDirectories): Promise<Found> {
  const found: Found = { locations: [], misnamed: [], problems: [], notes: [] }
  if (dirs.preStage !== undefined) await findInStage(dirs.preStage, 'pre-stage', found)
  if (dirs.postStage !== undefined) await findInStage(dirs.postStage, 'post-stage', found)
  return found
}

async function findInStage(stageDir: string, stage: PluginLocation['stage'], found: Found): Promise<void> {
  const shownStage = stageDir.replace(/(?<=.)\/+$/, '')
  let names: Buffer[]
  try {
    names = await readdir(stageDir, { encoding: 'buffer' })
  } catch (error) {
    found.problems.push({
      code: 'PLUGIN_INVALID',
      where: shownStage,
      what: `cannot be read as a directory of plugins: ${reasonOf(error)}`,
    })
    return
  }
  for (const bytes of names.sort(Buffer.compare)) {
    const name = nameAsText(bytes)
    const shownDir = `${shownStage}/${showName(bytes)}`
    const at = Buffer.concat([Buffer.from(`${resolve(stageDir)}/`), bytes])
    if (!(await isDirectory(at))) {
      if (name !== undefined && isEditorJunk(name))
        found.notes.push(`${shownDir}: ignored, looks like an editor's left-over`)
      continue
    }
    // Directories such as .git belong to other programs.
    if (name?.startsWith('.') || (name !== undefined && isEditorJunk(name))) {
      found.notes.push(`${shownDir}: ignored, not a plugin`)
      continue
    }
    const parsed = name === undefined ? undefined : parsePluginName(name)
    if (name === undefined || parsed === undefined) {
      const what = name === undefined ? 'the name is not UTF-8; name it like 03-netplan' : whyNoPluginName(name)
      found.problems.push({ code: 'PLUGIN_INVALID', where: shownDir, what })
      if (name !== undefined) found.misnamed.push({ name, stage, notRun: false })
      continue
    }
    const dir = resolve(stageDir, name)
    found.locations.push({ name, number: parsed.number, stage, dir, shownDir, notRun: await hasNotRun(dir) })
  }
}

function noteSharedNumbers(locations: readonly PluginLocation[]): readonly string[] {
  return locations.flatMap((location, index) => {
    const earlier = locations
      .slice(0, index)
      .find(({ number, stage }) => number === location.number && stage === location.stage)
    if (earlier === undefined) return []
    return [
      `${location.shownDir}: has the same number as ${earlier.name}; the order is by full name, ${earlier.name} first`,
    ]
  })
}

function noteUselessOnly(locations: readonly FoundPlugin[], only: readonly string[]): readonly string[] {
  return locations
    .filter((location) => location.notRun && only.some((typed) => meansPlugin(typed, location)))
    .map(({ shownDir }) => `${shownDir}: has NOT_RUN, so it stays skipped although --only names it`)
}

function sizedParts(plugin: Plugin): readonly SizedPart[] {
  if (plugin.skipped !== undefined) return []
  const scripts = [plugin.guestRun, plugin.postGuestRun].filter((script) => script !== undefined)
  return [...plugin.cloudConfigs, ...plugin.shellScripts, ...scripts].map(({ sizeBytes = 0 }) => ({
    plugin: plugin.name,
    sizeBytes,
  }))
}

async function isDirectory(path: Buffer): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}

/** Wherever it lies in the plugin's own folders, it means the whole plugin; below files/ it would be one more file. */
async function hasNotRun(dir: string): Promise<boolean> {
  for (const folder of ['', 'pre-stage/', 'cloud-init/', 'post-stage/']) {
    if (await isThere(`${dir}/${folder}NOT_RUN`)) return true
  }
  return false
}

/** Links that lead nowhere count: what matters is that someone put the name there. */
async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch {
    return false
  }
}

const NOTHING = { problems: [], cloudConfigs: [], files: { entries: [], unreadable: [] } }
const TOGETHER = 16

import { lstat } from 'node:fs/promises'
import type { Plugin, Problem, SkipReason } from '../model/plugin.js'
import { checkPolicyFiles } from './ima-policy-files.js'
import { readManifest } from './manifest/read-manifest.js'
import { type Findings, isMissing, type PluginLocation, problem, readEntries, readFileIfThere } from './plugin-files.js'
import { nearMissOfKnownEntry } from './plugin-name.js'
import { noteCleanUps, readRunScripts } from './plugin-scripts.js'
import { readUserData } from './plugin-user-data.js'
import { readmeSummary } from './readme-summary.js'
import { digestTree, listingBelow, listTree, reasonOf, showBelow, type TreeListing } from './tree-listing.js'
import type { MergedPart } from './user-data-overlaps.js'

export interface PluginReading {
  readonly plugin: Plugin
  readonly problems: readonly Problem[]
  /** Its sound cloud-config parts, to be compared with those of other plugins. */
  readonly cloudConfigs: readonly MergedPart[]
  /** What is below its files/. */
  readonly files: TreeListing
}

/**
 * Reads and checks all that is in a plugin's directory, a private copy of one included. Nothing is run or changed.
 *
 * `hostScriptsRan`: what its host_run.sh was to write has to be there.
 */
export async function readPluginDirectory(location: PluginLocation, hostScriptsRan = false): Promise<PluginReading> {
  const found: Findings = { problems: [], notes: [] }
  const entries = await readEntries(location, '', found)
  for (const name of entries) noteNearMiss(location, name, found)
  const [hostRun, guestRun] = await readRunScripts(location, ['', 'pre-stage/'], found)
  const [postHostRun, postGuestRun] = await readRunScripts(location, ['post-stage/'], found)
  await noteCleanUps(location, found)
  const hasFiles = await isRealDirectory(location, 'files', found)
  const manifest = await readManifest(location, found)
  const comesLater = hostRun !== undefined && location.stage === 'pre-stage' && !hostScriptsRan
  await checkPolicyFiles(location, { declared: manifest?.ima?.policy, hasFiles, comesLater }, found)
  const parts = await readUserData(location, found)
  const tree = await listTree(location.dir)
  const { digest, unreadable } = await digestTree(location.dir, tree)
  for (const { path, reason } of unreadable) {
    // Those below files/ are told by the reading of the payload.
    if (!path.subarray(0, 6).equals(FILES_PREFIX))
      problem(found, showBelow(location.shownDir, path), `cannot be read: ${reason}`)
  }
  const plugin: Plugin = {
    ...basics(location, (await readSummary(location)) || (manifest?.description ?? '')),
    ...(manifest && { manifest }),
    ...(hostRun && { hostRun }),
    ...(guestRun && { guestRun }),
    ...(postHostRun && { postHostRun }),
    ...(postGuestRun && { postGuestRun }),
    cloudConfigs: parts.cloudConfigs,
    shellScripts: parts.shellScripts,
    hasFiles,
    digest,
    warnings: found.notes,
  }
  const files = listingBelow({ entries: tree.entries, unreadable }, 'files')
  return { plugin, problems: withoutRepeats(found.problems), cloudConfigs: parts.merged, files }
}

/** A plugin that does not take part: listed with its reason, its contents not checked. */
export async function describeSkipped(location: PluginLocation, skipped: SkipReason): Promise<Plugin> {
  const { digest } = await digestTree(location.dir, await listTree(location.dir))
  return {
    ...basics(location, await readSummary(location)),
    skipped,
    cloudConfigs: [],
    shellScripts: [],
    hasFiles: false,
    digest,
    warnings: [],
  }
}

function basics({ name, number, stage, dir }: PluginLocation, summary: string) {
  return { name, number, stage, dir, summary }
}

async function readSummary({ dir }: PluginLocation): Promise<string> {
  const bytes = await readFileIfThere(`${dir}/README.md`)
  return Buffer.isBuffer(bytes) ? readmeSummary(bytes.toString('utf8')) : ''
}

function noteNearMiss(location: PluginLocation, name: string, found: Findings): void {
  const known = nearMissOfKnownEntry(name)
  if (known !== undefined) found.notes.push(`${location.shownDir}/${name}: is not used; did you mean ${known}?`)
}

async function isRealDirectory(location: PluginLocation, name: string, found: Findings): Promise<boolean> {
  try {
    const stats = await lstat(`${location.dir}/${name}`)
    if (stats.isDirectory()) return true
    problem(
      found,
      `${location.shownDir}/${name}`,
      stats.isSymbolicLink() ? 'is a symbolic link; it must be a directory' : 'must be a directory',
    )
  } catch (error) {
    if (!isMissing(error)) problem(found, `${location.shownDir}/${name}`, `cannot be read: ${reasonOf(error)}`)
  }
  return false
}

/** An unreadable script is met when it is read and again when the directory is digested. */
function withoutRepeats(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>()
  return problems.filter(({ where, what }) => {
    const key = `${where}\0${what}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

const FILES_PREFIX = Buffer.from('files/')

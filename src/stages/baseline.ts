import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sha256File } from '../image/file-identity.js'
import type { SourceDirs } from '../model/rewrite.js'
import { readPlugins } from '../plugins/read-plugins.js'
import { digestTree, listTree } from '../plugins/tree-listing.js'
import { GUEST_SCRIPTS_DIR } from './sources.js'

/** What a run without plugins of the pre-stage leaves in a guest depends on these, and on nothing else. */
export interface BaselineOf {
  readonly guestPath: string
  readonly toolVersion: string
  readonly sources: SourceDirs
  /** The process's own, of which the post-stage may read some. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Variables that a baseline run gets: those of the sealing. All others are for plugins that it does not have. */
export function baselineVariables(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => name.startsWith('SEAL_')))
}

/** Where the list of that run is kept: a name for each guest, version of the tool, seed and post-stage. */
export async function baselineFile(cacheDir: string, of: BaselineOf): Promise<string> {
  const { sources, environment } = of
  const given = Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const dirs = { postStage: sources.postStage }
  const options = (await readPlugins({ dirs, skip: [], only: [], environment })).variables
  const hash = createHash('sha256').update(
    JSON.stringify([
      FORMAT,
      await sha256File(of.guestPath),
      of.toolVersion,
      await digestOf(sources.postStage),
      await digestOf(sources.cloudInit),
      await digestOf(GUEST_SCRIPTS_DIR),
      Object.entries({ ...baselineVariables(Object.fromEntries(given)), ...options }).sort(),
    ]),
  )
  return join(cacheDir, 'baselines', `${hash.digest('hex').slice(0, 32)}.listing.gz`)
}

/** The list as the guest sent it; undefined when there is none. */
export async function keptBaseline(path: string): Promise<Buffer | undefined> {
  return await readFile(path).catch(() => undefined)
}

/** Keeps the list, whole or not at all, and drops the oldest ones. */
export async function keepBaseline(path: string, listing: Uint8Array): Promise<void> {
  const dir = dirname(path)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const beside = `${path}.${randomBytes(4).toString('hex')}`
  await writeFile(beside, listing, { mode: 0o600 })
  await rename(beside, path)
  await dropOld(dir)
}

async function digestOf(dir: string): Promise<string> {
  return (await digestTree(dir, await listTree(dir))).digest
}

async function dropOld(dir: string): Promise<void> {
  const paths = (await readdir(dir)).map((name) => join(dir, name))
  const dated = await Promise.all(paths.map(async (path) => ({ path, ms: (await stat(path)).mtimeMs })))
  const old = dated.sort((one, other) => other.ms - one.ms).slice(MOST_KEPT)
  await Promise.all(old.map(({ path }) => rm(path, { force: true })))
}

/** Raise it when cloud-init/guest/inventory.sh lists in another form. */
const FORMAT = 1
/** Each has about half a megabyte. */
const MOST_KEPT = 8

import { readdir, readFile, stat } from 'node:fs/promises'
import type { Problem } from '../model/plugin.js'
import { compareNames, isEditorJunk, nameAsText, showName } from './file-names.js'
import { reasonOf } from './tree-listing.js'

/** A directory that has a plugin's name. */
export interface PluginLocation {
  readonly name: string
  readonly number: number
  readonly stage: 'pre-stage' | 'post-stage'
  /** Absolute, for reading. */
  readonly dir: string
  /** As the user would type it, for messages. */
  readonly shownDir: string
}

/** What the reading of one plugin has found so far. */
export interface Findings {
  readonly problems: Problem[]
  readonly notes: string[]
}

/** Names in a folder of the plugin, sorted; editor junk left out with a note. Empty when there is no such folder. */
export async function readEntries(
  location: PluginLocation,
  folder: string,
  found: Findings,
): Promise<readonly string[]> {
  const dir = folder === '' ? location.dir : `${location.dir}/${folder}`
  const shown = folder === '' ? location.shownDir : `${location.shownDir}/${folder}`
  let names: Buffer[]
  try {
    names = await readdir(dir, { encoding: 'buffer' })
  } catch (error) {
    if (!isMissing(error)) problem(found, shown, `cannot be read: ${reasonOf(error)}`)
    return []
  }
  return names
    .map((bytes) => {
      const name = nameAsText(bytes)
      if (name === undefined)
        problem(found, `${shown}/${showName(bytes)}`, 'has a name that is not UTF-8; that is allowed only below files/')
      else if (isEditorJunk(name)) found.notes.push(`${shown}/${name}: ignored, looks like an editor's left-over`)
      else return name
      return undefined
    })
    .filter((name) => name !== undefined)
    .sort(compareNames)
}

/** The content of a regular file; undefined when nothing is there; an error (not thrown) when it cannot be read. */
export async function readFileIfThere(path: string): Promise<Buffer | Error | undefined> {
  try {
    // A pipe or device would block or never end.
    if (!(await stat(path)).isFile()) return new Error('it is not a regular file')
    return await readFile(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    return error instanceof Error ? error : new Error(String(error))
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** Adds a problem; gives undefined, so that a reader can end with it. */
export function problem(
  found: Findings,
  where: string,
  what: string,
  code: Problem['code'] = 'PLUGIN_INVALID',
): undefined {
  found.problems.push({ code, where, what })
  return undefined
}

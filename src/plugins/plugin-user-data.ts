import type { UserDataFile } from '../model/plugin.js'
import { readCloudConfig } from './cloud-config.js'
import { type Findings, type PluginLocation, problem, readEntries, readFileIfThere } from './plugin-files.js'
import { checkShellPart } from './shell-part.js'
import { reasonOf } from './tree-listing.js'
import type { MergedPart } from './user-data-overlaps.js'

export interface UserData {
  readonly cloudConfigs: UserDataFile[]
  readonly shellScripts: UserDataFile[]
  readonly merged: MergedPart[]
}

/** The parts of a plugin's cloud-init/ directory, checked, in the order of their names' bytes. */
export async function readUserData(location: PluginLocation, found: Findings): Promise<UserData> {
  const parts: UserData = { cloudConfigs: [], shellScripts: [], merged: [] }
  for (const name of await readEntries(location, 'cloud-init', found)) {
    if (name === 'cloud-config' || name === 'x-shellscript') continue
    found.notes.push(`${location.shownDir}/cloud-init/${name}: is not used; only cloud-config/ and x-shellscript/ are`)
  }
  for (const { path, where, bytes } of await readParts(location, 'cloud-init/cloud-config', '.yaml', found)) {
    const reading = readCloudConfig(bytes, where)
    found.problems.push(...reading.problems)
    found.notes.push(...reading.notes)
    const template = reading.isJinja ? { template: 'jinja' as const } : {}
    parts.cloudConfigs.push({ path, sizeBytes: bytes.length, ...template, runcmd: reading.runcmd })
    if (reading.config !== undefined) parts.merged.push({ where, config: reading.config })
  }
  for (const { path, where, bytes } of await readParts(location, 'cloud-init/x-shellscript', '.sh', found)) {
    found.problems.push(...checkShellPart(bytes, where))
    parts.shellScripts.push({ path, sizeBytes: bytes.length })
  }
  return parts
}

/** The files `NN-*.ending` of a folder, in the order of their names' bytes. */
async function readParts(location: PluginLocation, folder: string, ending: string, found: Findings) {
  const parts: { path: string; where: string; bytes: Buffer }[] = []
  for (const name of await readEntries(location, folder, found)) {
    const path = `${folder}/${name}`
    const where = `${location.shownDir}/${path}`
    if (!/^\d\d-./.test(name) || !name.endsWith(ending)) {
      problem(
        found,
        where,
        `must be named with two digits, a dash and a name, such as 01-name${ending}`,
        'USER_DATA_INVALID',
      )
      continue
    }
    const bytes = await readFileIfThere(`${location.dir}/${path}`)
    if (Buffer.isBuffer(bytes)) parts.push({ path, where, bytes })
    else
      problem(
        found,
        where,
        `cannot be read: ${bytes === undefined ? 'the link leads nowhere' : reasonOf(bytes)}`,
        'USER_DATA_INVALID',
      )
  }
  return parts
}

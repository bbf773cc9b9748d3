import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Problem } from '../model/plugin.js'
import type { SourceDirs } from '../model/rewrite.js'
import { readCloudConfig } from '../plugins/cloud-config.js'
import { withoutPowerState } from '../plugins/without-power-state.js'
import { PACKAGE_DIR } from './sources.js'

/** The two files that every seed starts from: the chosen cloud-init directory's, or the shipped ones it lacks. */
export async function readSeedSources(
  sources: SourceDirs,
): Promise<{ userData: { path: string; bytes: Buffer }; metaDataTemplate: string }> {
  const userData = await fromEither(sources, 'user-data.basic')
  const template = await fromEither(sources, 'meta-data.template')
  return { userData, metaDataTemplate: template.bytes.toString('utf8') }
}

/** user-data.basic has to be a cloud-config that cloud-init would take, power_state apart. */
export async function checkSeedSources(
  sources: SourceDirs,
): Promise<{ readonly problems: readonly Problem[]; readonly notes: readonly string[] }> {
  const { userData } = await readSeedSources(sources)
  const rest = withoutPowerState(userData.bytes)
  const { problems, notes } = readCloudConfig(rest ?? userData.bytes, userData.path)
  if (rest === undefined) return { problems, notes }
  return { problems, notes: [`${userData.path}: its power_state is left out: the run ends the guest itself`, ...notes] }
}

/** The path of user-data.basic as the guest gets it: the file itself, or a copy in `workDir` without its power_state. */
export async function userDataToShip(sources: SourceDirs, workDir: string): Promise<string> {
  const { userData } = await readSeedSources(sources)
  const rest = withoutPowerState(userData.bytes)
  if (rest === undefined) return userData.path
  const copy = join(workDir, 'user-data.basic')
  await writeFile(copy, rest, { mode: 0o600 })
  return copy
}

async function fromEither(sources: SourceDirs, name: string): Promise<{ path: string; bytes: Buffer }> {
  const own = join(sources.cloudInit, name)
  const bytes = await readFile(own).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (bytes !== undefined) return { path: own, bytes }
  const shipped = join(PACKAGE_DIR, 'cloud-init', name)
  return { path: shipped, bytes: await readFile(shipped) }
}

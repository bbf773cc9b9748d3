import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Problem } from '../model/plugin.js'
import type { SourceDirs } from '../model/rewrite.js'
import { readCloudConfig } from '../plugins/cloud-config.js'
import { PACKAGE_DIR } from './sources.js'

/** The two files that every seed starts from: the chosen cloud-init directory's, or the shipped ones it lacks. */
export async function readSeedSources(
  sources: SourceDirs,
): Promise<{ userData: { path: string; bytes: Buffer }; metaDataTemplate: string }> {
  const userData = await fromEither(sources, 'user-data.basic')
  const template = await fromEither(sources, 'meta-data.template')
  return { userData, metaDataTemplate: template.bytes.toString('utf8') }
}

/** user-data.basic has to be a cloud-config that cloud-init would take. */
export async function checkSeedSources(sources: SourceDirs): Promise<readonly Problem[]> {
  const { userData } = await readSeedSources(sources)
  return readCloudConfig(userData.bytes, userData.path).problems
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

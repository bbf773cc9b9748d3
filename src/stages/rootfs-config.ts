import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rootfsCloudConfig } from '../guest/rootfs-cloud-config.js'
import type { Plugin } from '../model/plugin.js'
import type { Wishes } from '../model/wishes.js'
import { readCloudConfig } from '../plugins/cloud-config.js'

/**
 * Writes the cloud-config that plugin.yaml files make necessary into `workDir`.
 *
 * @returns its path; undefined when there is none.
 */
export async function writeRootfsConfig(
  { rootfs }: Wishes,
  firstConfig: string,
  plugins: readonly Plugin[],
  workDir: string,
): Promise<string | undefined> {
  if (rootfs === undefined) return undefined
  const running = plugins.filter(({ skipped }) => skipped === undefined)
  const others = running.flatMap(({ dir, cloudConfigs }) => cloudConfigs.map((file) => join(dir, file.path)))
  const text = rootfsCloudConfig(rootfs, !(await anyListsUsers([firstConfig, ...others])))
  if (text === undefined) return undefined
  const path = join(workDir, 'plugin-yaml.config')
  await writeFile(path, text, { mode: 0o600 })
  return path
}

async function anyListsUsers(paths: readonly string[]): Promise<boolean> {
  for (const path of paths) {
    const bytes = await readFile(path)
    const { config, isJinja } = readCloudConfig(bytes, path)
    // A template is no YAML yet.
    if (config?.has('users') || (isJinja && /^["']?users["']?[ \t]*:/m.test(bytes.toString('utf8')))) return true
  }
  return false
}

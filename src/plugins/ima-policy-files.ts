import { lstat, realpath } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import type { Plugin } from '../model/plugin.js'
import { checkImaPolicy } from './ima-policy.js'
import { type Findings, isMissing, type PluginLocation, problem, readFileIfThere } from './plugin-files.js'
import { reasonOf } from './tree-listing.js'

/** Where a plugin ships a policy without a word in its plugin.yaml: systemd loads what is there. */
export const SHIPPED_POLICY = 'files/etc/ima/ima-policy'

/**
 * Checks every line of the IMA policies of one plugin, each file once: what its plugin.yaml names, and SHIPPED_POLICY.
 *
 * `comesLater`: its host_run.sh may still write the file that is not there; it is checked again afterwards.
 */
export async function checkPolicyFiles(
  location: PluginLocation,
  { declared, hasFiles, comesLater }: { declared: string | undefined; hasFiles: boolean; comesLater: boolean },
  found: Findings,
): Promise<void> {
  const path = declared === undefined ? undefined : normalize(declared)
  if (path !== undefined) {
    const wrong = await whyNoPolicy(location.dir, path)
    if (wrong === MISSING && !comesLater)
      problem(found, `${location.shownDir}/${path}`, 'is not there; ima.policy names it')
    else if (wrong !== undefined && wrong !== MISSING) problem(found, `${location.shownDir}/${path}`, wrong)
    else if (wrong === undefined) await checkLines(location, path, found)
  }
  if (hasFiles && path !== SHIPPED_POLICY) await checkLines(location, SHIPPED_POLICY, found)
}

/** Names of the plugins that take part and have a SHIPPED_POLICY. */
export async function policyShippers(plugins: readonly Plugin[]): Promise<readonly string[]> {
  const shippers: string[] = []
  for (const { name, dir, hasFiles, skipped } of plugins) {
    if (skipped !== undefined || !hasFiles) continue
    if (await lstat(join(dir, SHIPPED_POLICY)).catch(() => undefined)) shippers.push(name)
  }
  return shippers
}

/** It goes onto the seed, so it must be what it seems to be: no link to some other file of this machine. */
async function whyNoPolicy(dir: string, path: string): Promise<string | undefined> {
  try {
    if (!(await lstat(join(dir, path))).isFile()) return 'is not a regular file; ima.policy names it'
    if ((await realpath(join(dir, path))) !== join(await realpath(dir), path))
      return 'lies behind a symbolic link; ima.policy names it'
    return undefined
  } catch (error) {
    return isMissing(error) ? MISSING : `cannot be read: ${reasonOf(error)}`
  }
}

async function checkLines(location: PluginLocation, path: string, found: Findings): Promise<void> {
  const bytes = await readFileIfThere(`${location.dir}/${path}`)
  if (bytes === undefined) return
  const where = `${location.shownDir}/${path}`
  // Below files/ that is told by the reading of the payload.
  if (!Buffer.isBuffer(bytes))
    return path === SHIPPED_POLICY ? undefined : problem(found, where, `cannot be read: ${bytes.message}`)
  for (const { line, what } of checkImaPolicy(bytes.toString('latin1')))
    problem(found, `${where}${line === 0 ? '' : `:${line}`}`, what, 'IMA_POLICY_INVALID')
}

const MISSING = 'is missing'

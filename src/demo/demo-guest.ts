import { createHash, randomUUID } from 'node:crypto'
import { chmod, link, mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makeScratch } from '../host/scratch.js'
import { checkBuilder } from './builder-checks.js'
import { hostMirror } from './debian-mirror.js'
import { DISK_BYTES, guestDisk } from './guest-disk.js'
import { writeGuestImage } from './guest-image.js'
import { type DemoGuestRecipe, guestPackages, rootFsOf, specialties } from './recipe.js'
import { buildRootTree } from './root-tree.js'
import { guestScripts, scriptPath } from './scripts.js'

export { demoPackages, otherGuestPackages } from './builder-checks.js'
export type { DemoGuestRecipe } from './recipe.js'

export interface DemoGuest {
  /** A qcow2 image, read-only. */
  readonly path: string
  readonly fromCache: boolean
  readonly seconds: number
}

/**
 * Gives a small Debian cloud image, built from Debian's packages on this machine, or the one that was built before.
 *
 * Needs no loop device and no appliance; runs as root or as a user with subordinate ids. About a minute and 2 GiB of disk
 * while it builds.
 *
 * @throws {CvmError} TOOL_MISSING, BUILDER_UNABLE, TOOL_FAILED, TOOL_TIMED_OUT; or the reason of `signal`.
 */
export async function buildDemoGuest(
  recipe: DemoGuestRecipe,
  cacheDir: string,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<DemoGuest> {
  const startedAt = performance.now()
  if (rootFsOf(recipe) !== 'ext4' && recipe.boot !== 'uefi')
    throw new Error('only a guest for UEFI has another root than ext4')
  const path = join(cacheDir, await fileName(recipe))
  if (await isFile(path)) return { path, fromCache: true, seconds: secondsSince(startedAt) }
  await checkBuilder(rootFsOf(recipe))
  await mkdir(cacheDir, { recursive: true })
  await using scratch = await makeScratch(cacheDir, 'building', 0o700)
  const step = { scratchDir: scratch.path, say, ...(signal === undefined ? {} : { signal }) }
  const rootUuid = randomUUID()

  const tree = await buildRootTree({ ...step, recipe, rootUuid, mirror: await hostMirror() })
  const image = await writeGuestImage({ ...step, tree, rootUuid, boot: recipe.boot, rootFs: rootFsOf(recipe) })

  await chmod(image, 0o444)
  const fromCache = !(await linkUnlessThere(image, path))
  return { path, fromCache, seconds: secondsSince(startedAt) }
}

/** The name says what it is; the digest stands for all that it is made of, so that a changed recipe is built anew. */
async function fileName(recipe: DemoGuestRecipe): Promise<string> {
  const { essential, customize, others } = guestScripts(recipe)
  const names = [...essential, ...customize, ...others]
  const scripts = await Promise.all(names.map((name) => readFile(scriptPath(name), 'utf8')))
  const madeOf = [RECIPE_VERSION, recipe.suite, recipe.boot, recipe.variant, guestPackages(recipe), DISK_BYTES]
  const digest = createHash('sha256').update(JSON.stringify([madeOf, guestDisk(recipe.boot), scripts]))
  const words = [recipe.suite, recipe.boot, recipe.variant, ...specialties(recipe)]
  return `${words.join('-')}-${digest.digest('hex').slice(0, 16)}.qcow2`
}

/**
 * Puts the finished file in its place; false when another builder was faster.
 *
 * A link, not a rename: the file of the other builder may be in use already and must not be replaced under its user.
 */
async function linkUnlessThere(file: string, path: string): Promise<boolean> {
  try {
    await link(file, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  )
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000
}

/** Raise it when this folder's code makes another image from the same recipe. */
const RECIPE_VERSION = 1

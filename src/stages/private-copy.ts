import { mkdir, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { runToolOrFail } from '../host/run-tool.js'
import type { Problem } from '../model/plugin.js'
import type { RewritePlan, SourceDirs } from '../model/rewrite.js'
import { copyTreeCall } from '../tools/tar.js'

/** Where host scripts run: the plugin trees with the names that they have in the sources, side by side. */
export interface PrivateCopies {
  readonly preStage: string
  readonly postStage: string
}

/** The places are fixed, so that the post-stage finds what the pre-stage has copied. */
export function copiesIn(workDir: string, { preStage, postStage }: SourceDirs): PrivateCopies {
  const top = join(workDir, 'plugins')
  return { preStage: join(top, basename(preStage)), postStage: join(top, basename(postStage)) }
}

/**
 * The whole trees are copied, so that scripts find what lies beside their plugin (and `../../scripts` from it), and nothing of
 * the sources is ever changed. All but the skipped plugins: what does not take part need not even be readable.
 */
export async function copyTrees(
  { sources, plugins }: Pick<RewritePlan, 'sources' | 'plugins'>,
  workDir: string,
): Promise<PrivateCopies> {
  const copies = copiesIn(workDir, sources)
  const skipped = new Set(plugins.flatMap(({ dir, skipped: why }) => (why === undefined ? [] : [dir])))
  await copyEntries(sources.preStage, copies.preStage, skipped)
  await copyEntries(sources.postStage, copies.postStage, skipped)
  if (sources.scripts !== undefined) await copyEntries(sources.scripts, join(workDir, 'plugins', 'scripts'), new Set())
  return copies
}

/** A problem with what host scripts left behind, at the place that its author knows: the copy is gone when it is read. */
export function asInSources(
  problem: Problem,
  { sources }: Pick<RewritePlan, 'sources'>,
  copies: PrivateCopies,
): Problem {
  const known = (text: string) => inSources(text, { sources }, copies)
  return { ...problem, where: known(problem.where), what: `${known(problem.what)} (as a host_run.sh has left it)` }
}

/** A text with the paths of the sources in the place of those of the copies. */
export function inSources(text: string, { sources }: Pick<RewritePlan, 'sources'>, copies: PrivateCopies): string {
  return text.replaceAll(copies.preStage, sources.preStage).replaceAll(copies.postStage, sources.postStage)
}

async function copyEntries(from: string, to: string, skipped: ReadonlySet<string>): Promise<void> {
  await mkdir(to, { recursive: true })
  const paths = await entriesToCopy(from, skipped)
  if (paths.length > 0) await runToolOrFail(copyTreeCall(paths, to), { timeoutMs: COPY_TIMEOUT_MS })
}

/** Directories and files, also through links; a link that leads nowhere has nothing to copy. */
async function entriesToCopy(dir: string, skipped: ReadonlySet<string>): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of await readdir(dir)) {
    const path = join(dir, name)
    const kind = await stat(path).catch(() => undefined)
    if (!skipped.has(path) && (kind?.isDirectory() || kind?.isFile())) found.push(path)
  }
  return found
}

const COPY_TIMEOUT_MS = 30 * 60_000

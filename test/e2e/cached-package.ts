import { copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { hostMirror, sourceLines } from '../../src/demo/debian-mirror.js'
import { runToolOrFail } from '../../src/host/run-tool.js'

/** Name of the package to fetch, asked of apt with these options. */
export type ChoosePackage = (aptOptions: readonly string[]) => string | Promise<string>

/**
 * Makes a directory that holds one .deb of a suite. Fetched once, with apt's own check of signatures, then taken from the cache.
 *
 * @param cacheName a directory of the cache, for this package alone
 */
export async function cachedPackage(
  cacheName: string,
  into: string,
  suite: 'bookworm' | 'trixie',
  choose: ChoosePackage,
): Promise<string> {
  const cached = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'cvm-image-rewriter', cacheName)
  const present = await readdir(cached).catch(() => [])
  if (present.length === 0) await fetchInto(cached, suite, choose)
  await mkdir(into)
  for (const name of await readdir(cached)) await copyFile(join(cached, name), join(into, name))
  return into
}

async function fetchInto(dir: string, suite: 'bookworm' | 'trixie', choose: ChoosePackage): Promise<void> {
  await mkdir(join(dir, '..'), { recursive: true })
  const place = await mkdtemp(`${dir}-`)
  const apt = join(place, 'apt')
  for (const name of ['lists/partial', 'cache/archives/partial']) await mkdir(join(apt, name), { recursive: true })
  await writeFile(join(apt, 'status'), '')
  await writeFile(join(apt, 'sources.list'), `${sourceLines(suite, await hostMirror()).join('\n')}\n`)
  const options = [
    `Dir::State::Lists=${apt}/lists`,
    `Dir::State::status=${apt}/status`,
    `Dir::Cache=${apt}/cache`,
    `Dir::Etc::sourcelist=${apt}/sources.list`,
    'Dir::Etc::sourceparts=-',
    'APT::Architecture=amd64',
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option])
  await runToolOrFail({ tool: 'apt-get', args: ['-q', ...options, 'update'] }, { timeoutMs: 5 * 60_000 })
  const name = await choose(options)
  const call = { tool: 'apt-get', args: ['-q', ...options, 'download', name], cwd: place }
  await runToolOrFail(call, { timeoutMs: 10 * 60_000 })
  await rm(apt, { recursive: true })
  // Two runs at once: whoever is second keeps the first one's.
  await rename(place, dir).catch(() => rm(place, { recursive: true, force: true }))
}

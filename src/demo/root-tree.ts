import { chmod, copyFile, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runToolOrFail } from '../host/run-tool.js'
import { makeScratch } from '../host/scratch.js'
import type { ToolCall } from '../model/host.js'
import { underFakeroot } from '../tools/fakeroot.js'
import { bootstrapCall } from '../tools/mmdebstrap.js'
import { type DebianMirror, sourceLines } from './debian-mirror.js'
import { proxyVariables } from './proxy.js'
import { type DemoGuestRecipe, guestPackages, rootFsOf, rootLabel } from './recipe.js'
import { type DemoScript, guestScripts, scriptPath } from './scripts.js'

export interface RootTreeInput {
  readonly recipe: DemoGuestRecipe
  readonly rootUuid: string
  readonly mirror: DebianMirror
  readonly scratchDir: string
  readonly say: (line: string) => void
  readonly signal?: AbortSignal
}

export interface RootTree {
  /** Directory with the files of the guest. */
  readonly path: string
  /** Turns a call into one that sees the guest's owners in the tree: we need no root to give files to root. */
  seenAsRoot(call: ToolCall): ToolCall
}

/**
 * Installs the packages of a guest and unpacks the result into a directory.
 *
 * mmdebstrap hands over a tar archive, because only that carries owners out of a user namespace. fakeroot remembers them
 * for an ordinary user. (mke2fs could read the tar itself, but not yet the one of Debian 12.)
 */
export async function buildRootTree(input: RootTreeInput): Promise<RootTree> {
  const { recipe, scratchDir, say } = input
  const run = input.signal === undefined ? {} : { signal: input.signal }
  const tarPath = join(scratchDir, 'root.tar')
  const path = join(scratchDir, 'root')
  const isRoot = process.getuid?.() === 0

  say(`installing Debian packages (${recipe.suite}) from ${input.mirror.archive}`)
  // Not in the cache folder: mmdebstrap's subordinate user must be able to enter, and home directories are closed to it.
  await using hooks = await makeScratch(tmpdir(), 'cvm-demo-hooks', 0o755)
  const scripts = guestScripts(recipe)
  await copyScripts([...scripts.essential, ...scripts.customize, ...scripts.others], hooks.path)
  const hookPath = (name: DemoScript) => join(hooks.path, name)
  await runToolOrFail(
    bootstrapCall({
      mode: isRoot ? 'root' : 'unshare',
      suite: recipe.suite,
      packages: guestPackages(recipe),
      sources: sourceLines(recipe.suite, input.mirror),
      essentialHooks: scripts.essential.map(hookPath),
      customizeHooks: scripts.customize.map(hookPath),
      dpkgOptions: DPKG_OPTIONS,
      env: {
        ...(await proxyVariables()),
        DEMO_SUITE: recipe.suite,
        DEMO_ROOT_UUID: input.rootUuid,
        DEMO_HAS_ESP: recipe.boot === 'bios' ? 'no' : 'yes',
        DEMO_SCRIPTS: hooks.path,
        DEMO_ROOT_FS: rootFsOf(recipe),
        DEMO_ROOT_LABEL: rootLabel(rootFsOf(recipe)),
        // The kernel package need not make an initrd: after-packages.sh does, once its modules are listed.
        INITRD: 'No',
      },
      tarPath,
    }),
    { ...run, timeoutMs: INSTALL_LIMIT_MS },
  )

  say('unpacking the root file system')
  await mkdir(path)
  const stateFile = join(scratchDir, 'owners')
  const unpack: ToolCall = { tool: 'tar', args: [...TAR_OPTIONS, '-f', tarPath, '-C', path] }
  await runToolOrFail(isRoot ? unpack : underFakeroot(unpack, stateFile, 'first'), {
    ...run,
    timeoutMs: UNPACK_LIMIT_MS,
  })
  await rm(tarPath)
  return { path, seenAsRoot: (call) => (isRoot ? call : underFakeroot(call, stateFile, 'later')) }
}

async function copyScripts(names: readonly DemoScript[], toDir: string): Promise<void> {
  for (const name of names) {
    const to = join(toDir, name)
    await copyFile(scriptPath(name), to)
    await chmod(to, 0o755)
  }
}

/** Documents and translations would be half of a guest that nobody reads in; fsync is no use on a disk that is not there yet. */
const DPKG_OPTIONS = [
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'path-exclude=/usr/share/locale/*',
  'force-unsafe-io',
]
const TAR_OPTIONS = ['--extract', '--preserve-permissions', '--numeric-owner', '--xattrs', '--xattrs-include=*']
const INSTALL_LIMIT_MS = 30 * 60_000
const UNPACK_LIMIT_MS = 10 * 60_000

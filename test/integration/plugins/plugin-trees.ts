import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export const MERGE_HOW =
  'merge_how: [{name: list, settings: [append]}, {name: dict, settings: [no_replace, recurse_list]}]\n'

/** A directory of plugins on disk that goes away with its scope. */
export interface PluginTrees extends AsyncDisposable {
  readonly root: string
  readonly preStage: string
  readonly postStage: string
}

/** Paths are relative to the root, such as `pre-stage/01-a/host_run.sh`; a path that ends with `/` is a directory, `{ to }` a link. */
export async function plantPlugins(
  entries: Readonly<Record<string, string | Uint8Array | { readonly to: string }>>,
): Promise<PluginTrees> {
  const root = await mkdtemp(join(tmpdir(), 'cvm-plugins-'))
  await mkdir(join(root, 'pre-stage'))
  await mkdir(join(root, 'post-stage'))
  for (const [path, content] of Object.entries(entries)) {
    const at = join(root, path)
    await mkdir(path.endsWith('/') ? at : dirname(at), { recursive: true })
    if (path.endsWith('/')) continue
    if (typeof content === 'string' || content instanceof Uint8Array) await writeFile(at, content)
    else await symlink(content.to, at)
  }
  return {
    root,
    preStage: join(root, 'pre-stage'),
    postStage: join(root, 'post-stage'),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

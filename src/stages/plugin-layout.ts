import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What a directory given with `--plugins` (or the current one) brings of its own; each path is absolute. */
export interface OwnSources {
  readonly preStage?: string
  readonly postStage?: string
  readonly cloudInit?: string
  /** What host scripts source, as `../../scripts/common.sh` from a plugin. */
  readonly scripts?: string
}

/**
 * Recognises our layout and both of the bash tool's: `pre-stage/` and `post-stage/`, or `plugins/` with folders for the
 * stages in each plugin, which is then the directory of the pre-stage. `ambiguous`: it has both.
 */
export function ownSources(base: string): OwnSources | 'ambiguous' {
  const [preStage, plugins] = [join(base, 'pre-stage'), join(base, 'plugins')]
  const hasPlugins = holdsPlugins(plugins)
  if (hasPlugins && existsSync(preStage)) return 'ambiguous'
  const found = {
    ...(hasPlugins ? { preStage: plugins } : ifThere('preStage', preStage)),
    ...ifThere('postStage', join(base, 'post-stage')),
    ...ifThere('cloudInit', join(base, 'cloud-init')),
  }
  const scripts = join(base, 'scripts')
  const wantsScripts = found.preStage !== undefined || found.postStage !== undefined
  return wantsScripts && isDirectory(scripts) ? { ...found, scripts } : found
}

/** Many programs have a directory plugins/; numbers make it ours, wrong ones too, which are then told. */
export function holdsPlugins(dir: string): boolean {
  if (!isDirectory(dir)) return false
  try {
    return readdirSync(dir).some((name) => /^\d+-/.test(name) && isDirectory(join(dir, name)))
  } catch {
    // Its reading will say why it cannot be read.
    return true
  }
}

function ifThere(key: keyof OwnSources, path: string): OwnSources {
  return existsSync(path) ? { [key]: path } : {}
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CvmError } from '../model/errors.js'
import type { SourceDirs } from '../model/rewrite.js'
import { holdsPlugins, ownSources } from './plugin-layout.js'

/** The directory of the installed package, which holds the shipped pre-stage/, post-stage/ and cloud-init/. */
export const PACKAGE_DIR = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** Scripts that the guest runs for the rewriter itself: always the package's own, they belong to the report protocol. */
export const GUEST_SCRIPTS_DIR = join(PACKAGE_DIR, 'cloud-init', 'guest')

/**
 * Where plugins and seed come from: each of the three directories from `--plugins DIR`, else from the current directory
 * when it has one of that name, else the shipped one. `plugins/`, the bash tool's last layout, stands for `pre-stage/`.
 *
 * @throws {CvmError} USAGE when DIR has none of them, or both `pre-stage/` and `plugins/`.
 */
export function sourceDirs(cwd: string, pluginsDir: string | undefined): SourceDirs {
  const base = resolve(cwd, pluginsDir ?? '.')
  const own = ownSources(base)
  if (own === 'ambiguous') throw twoLayouts(pluginsDir === undefined ? base : `--plugins ${pluginsDir}`)
  if (pluginsDir !== undefined && Object.keys(own).length === 0) throw noLayout(base, pluginsDir)
  return { ...SHIPPED, ...own }
}

/** To take one would leave the other out without a word; to take both would mix two orders. */
function twoLayouts(where: string): CvmError {
  return new CvmError('USAGE', `${where}: has both pre-stage/ and plugins/`, {
    why: 'these are two layouts for the same plugins, and it cannot be known which one is meant',
    next: 'Keep one: move the plugins of plugins/ into pre-stage/, or one of the two directories away',
  })
}

function noLayout(base: string, pluginsDir: string): CvmError {
  const what = `--plugins ${pluginsDir}: no plugins in there`
  if (holdsPlugins(base)) {
    return new CvmError('USAGE', what, {
      why: 'it holds numbered directories itself, and is no directory with pre-stage/ or plugins/',
      next: `Give the directory above it, with pre-stage/ or plugins/ in it: --plugins ${dirname(base)}`,
    })
  }
  return new CvmError('USAGE', what, {
    why: 'it has no pre-stage/, post-stage/ or cloud-init/, and no plugins/ with directories such as 03-netplan',
    next: 'Make a directory to start from with: cvm-rewrite init DIR',
  })
}

const SHIPPED: SourceDirs = {
  preStage: join(PACKAGE_DIR, 'pre-stage'),
  postStage: join(PACKAGE_DIR, 'post-stage'),
  cloudInit: join(PACKAGE_DIR, 'cloud-init'),
}

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CvmError } from '../model/errors.js'
import type { SourceDirs } from '../model/rewrite.js'

/** The directory of the installed package, which holds the shipped pre-stage/, post-stage/ and cloud-init/. */
export const PACKAGE_DIR = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** Scripts that the guest runs for the rewriter itself: always the package's own, they belong to the report protocol. */
export const GUEST_SCRIPTS_DIR = join(PACKAGE_DIR, 'cloud-init', 'guest')

/**
 * Where plugins and seed come from: each of the three directories from `--plugins DIR`, else from the current directory
 * when it has one of that name, else the shipped one.
 *
 * @throws {CvmError} USAGE when DIR has none of them.
 */
export function sourceDirs(cwd: string, pluginsDir: string | undefined): SourceDirs {
  const base = resolve(cwd, pluginsDir ?? '.')
  const pick = (name: string) => (existsSync(join(base, name)) ? join(base, name) : join(PACKAGE_DIR, name))
  const dirs = { preStage: pick('pre-stage'), postStage: pick('post-stage'), cloudInit: pick('cloud-init') }
  if (pluginsDir !== undefined && !Object.values(dirs).some((dir) => dir.startsWith(`${base}/`))) {
    throw new CvmError('USAGE', `--plugins ${pluginsDir}: no pre-stage/, post-stage/ or cloud-init/ in there`, {
      next: 'Make a directory to start from with: cvm-rewrite init DIR',
    })
  }
  return dirs
}

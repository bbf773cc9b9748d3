import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runTool } from '../../../src/host/run-tool.js'

const ROOT = new URL('../../..', import.meta.url).pathname

/** A private copy of a shipped plugin, as a run makes one. */
export interface PluginCopy extends AsyncDisposable {
  readonly dir: string
  /** For images and reports; not part of the plugin. */
  readonly scratch: string
  /** Runs its host_run.sh in its folder; gives the exit code and what it said. */
  run(env: Readonly<Record<string, string>>): Promise<{ readonly exitCode: number | undefined; readonly said: string }>
}

/** Copies `pre-stage/01-resize-image` or the like to a temporary directory. */
export async function copyOfPlugin(path: string): Promise<PluginCopy> {
  const scratch = await mkdtemp(join(tmpdir(), 'shipped-plugin-'))
  const dir = join(scratch, 'plugin')
  await cp(join(ROOT, path), dir, { recursive: true, verbatimSymlinks: true })
  return {
    dir,
    scratch,
    run: async (env) => {
      const result = await runTool({ tool: 'bash', args: ['host_run.sh'], cwd: dir, env })
      return { exitCode: result.exitCode, said: `${result.stdout}${result.stderr}` }
    },
    [Symbol.asyncDispose]: () => rm(scratch, { recursive: true }),
  }
}

import { join } from 'node:path'
import { printable } from '../guest/printable.js'
import { runTool } from '../host/run-tool.js'
import type { Plugin, Problem } from '../model/plugin.js'
import { schemaCall } from '../tools/cloud-init-schema.js'

/**
 * What this host's cloud-init says against the plugins' cloud-configs (`runcmd: notalist`).
 *
 * The guest's cloud-init may be another version and know more or less; --no-schema leaves the question out. Templates are
 * not asked about: they are no cloud-config before the guest has filled them in.
 */
export async function schemaProblems(plugins: readonly Plugin[]): Promise<readonly Problem[]> {
  const paths = plugins
    .filter((plugin) => plugin.skipped === undefined)
    .flatMap((plugin) =>
      plugin.cloudConfigs.filter((file) => file.template === undefined).map((file) => join(plugin.dir, file.path)),
    )
  const problems: Problem[] = []
  for (const path of paths) {
    const result = await runTool(schemaCall(path), { timeoutMs: LIMIT_MS })
    if (result.exitCode === 0) continue
    const words = `${result.stdout}\n${result.stderr}`.split('\n').filter((line) => line.trim() !== '')
    const what = words
      .map((line) => printable(line.trim()))
      .join(' ')
      .slice(0, LONGEST_WORDS)
    problems.push({
      code: 'USER_DATA_INVALID',
      where: path,
      what: `cloud-init schema: ${what} (--no-schema leaves this check out)`,
    })
  }
  return problems
}

const LIMIT_MS = 60_000
const LONGEST_WORDS = 600

import { EXIT } from '../model/exit.js'
import { lintPlugins } from '../stages/lint-plugins.js'
import { sourceDirs } from '../stages/sources.js'
import { complain } from './complain.js'
import { type LintFormat, lintAnswer } from './lint-formats.js'

/** cvm-rewrite plugin lint: all that is wrong or doubtful in the plugins, without a boot; exit code 5 when a run would refuse them. */
export async function pluginLint(dir: string | undefined, format: LintFormat): Promise<number> {
  try {
    const result = await lintPlugins(sourceDirs(process.cwd(), dir))
    // GitHub wants paths as they are in the repository, wherever the step runs.
    const base = (format === 'github' ? process.env['GITHUB_WORKSPACE'] : undefined) ?? process.cwd()
    process.stdout.write(lintAnswer(result, format, base))
    return result.findings.some(({ severity }) => severity === 'problem') ? EXIT.plugin : EXIT.ok
  } catch (error) {
    return await complain(error, format === 'json')
  }
}

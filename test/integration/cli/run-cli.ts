import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../../dist/cli/bin-rewrite.js', import.meta.url))

export interface CliOutcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the real cvm-rewrite in a directory; `env` is laid over ours, of which the variables that plugins read are left out. */
export async function runCli(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliOutcome> {
  const options = { cwd, env: { ...withoutPluginVariables(process.env), NO_COLOR: '1', ...env }, maxBuffer: 2 ** 26 }
  return await new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], options, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    )
  })
}

/** CI itself sets some that begin with CVM_. */
function withoutPluginVariables(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(?:GUEST|CVM|IMA|SEAL)_/.test(name)))
}

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface ProgramResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly seconds: number
}

/**
 * Runs one of our programs as a person would: the built one, in a directory, with variables.
 *
 * One that does not end within its own limit (-t) and a while is ended before the test's time is over, so that what it has
 * printed is seen and it does not disturb the tests that follow.
 */
export async function program(
  name: 'rewrite' | 'qemu-test',
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<ProgramResult> {
  const main = fileURLToPath(new URL(`../../dist/cli/bin-${name}.js`, import.meta.url))
  const startedAt = performance.now()
  const child = spawn(process.execPath, [main, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text
      if (process.env['CVM_E2E_SHOW'] !== undefined) process.stderr.write(text)
    })
  }
  const limit = setTimeout(() => {
    output.stderr += `\nended by the test after ${LIMIT_MS / 60_000} min\n`
    child.kill('SIGTERM')
  }, LIMIT_MS)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearTimeout(limit)
  return { code, ...output, seconds: (performance.now() - startedAt) / 1000 }
}

/** Below the limit of a test in .config/vitest.config.ts. */
const LIMIT_MS = 18 * 60_000

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface Measured {
  readonly exitCode: number | null
  readonly seconds: number
  /** The largest resident set of the node process itself, without its children. */
  readonly peakMiB: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one of our programs with this node and measures the whole process from outside. */
export async function measureProgram(
  args: readonly string[],
  options: { readonly cwd?: string; readonly path?: string },
): Promise<Measured> {
  const startedAt = performance.now()
  const env = options.path === undefined ? process.env : { ...process.env, PATH: options.path }
  const child = spawn(process.execPath, args, { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const end = () => child.kill()
  process.once('exit', end)
  let peakMiB = 0
  const look = setInterval(() => {
    peakMiB = Math.max(peakMiB, peakOf(child.pid))
  }, LOOK_MS)
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearInterval(look)
  process.off('exit', end)
  return { exitCode, seconds: (performance.now() - startedAt) / 1000, peakMiB, ...output }
}

/** VmHWM: the kernel's own high-water mark, so looking now and then misses nothing but the last moments. */
function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

const LOOK_MS = 100

import { existsSync, lstatSync } from 'node:fs'
import { isAbsolute, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

/**
 * A small process that cleans up after us when we cannot: when we were killed with SIGKILL, or crashed.
 *
 * Its stdin is a pipe from us. Only the kernel has to work for it to notice our end.
 */
export interface Janitor {
  /** Remove this file or tree of ours; when it exists already, only as long as it is that very one. */
  watchPath(path: string): void
  /** End this process, as long as it is that very one. `startTime` as in /proc: see processes.ts. */
  watchPid(pid: number, startTime: string): void
  /** End the QEMU process that this file names; for a directory, those that its `*.pid` files name. */
  watchPidfile(path: string): void
  /** Give this terminal its settings back, as `stty -g` has printed them. */
  watchTerminal(path: string, settings: string): void
  /** All is cleaned up; the janitor ends and touches nothing. */
  done(): Promise<void>
}

/** One line of JSON on the janitor's stdin. */
export type JanitorOrder =
  | { readonly watch: 'path'; readonly path: string; readonly dev?: number; readonly ino?: number }
  | { readonly watch: 'pid'; readonly pid: number; readonly startTime: string }
  | { readonly watch: 'pidfile'; readonly path: string }
  | { readonly watch: 'terminal'; readonly path: string; readonly settings: string }
  | { readonly watch: 'done' }

export function startJanitor(): Janitor {
  const child = execa(process.execPath, [mainFile()], {
    // No directory is kept busy, and a session of its own keeps Ctrl-C of the terminal away.
    cwd: '/',
    detached: true,
    cleanup: false,
    extendEnv: false,
    env: {},
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
    buffer: false,
    reject: false,
  })
  // It waits for us, we do not wait for it.
  child.unref()
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref()
  // A janitor that was killed is no reason to fail the run.
  child.stdin.on('error', () => {})
  const order = (line: JanitorOrder) => child.stdin.write(`${JSON.stringify(line)}\n`)

  return {
    watchPath(path) {
      assertOurs(path)
      const entry = lstatSync(path, { throwIfNoEntry: false })
      order({ watch: 'path', path, ...(entry ? { dev: entry.dev, ino: entry.ino } : {}) })
    },
    watchPid(pid, startTime) {
      order({ watch: 'pid', pid, startTime })
    },
    watchPidfile(path) {
      assertOurs(path)
      order({ watch: 'pidfile', path })
    },
    watchTerminal(path, settings) {
      order({ watch: 'terminal', path, settings })
    },
    async done() {
      order({ watch: 'done' })
      child.stdin.end()
      child.ref()
      const limit = setTimeout(() => child.kill('SIGKILL'), DONE_LIMIT_MS)
      await child
      clearTimeout(limit)
    },
  }
}

/** A slip here would remove what is not ours, so paths are plain, absolute, and never a top directory. */
function assertOurs(path: string): void {
  const depth = path.split('/').filter((part) => part !== '').length
  if (!isAbsolute(path) || normalize(path) !== path || depth < 2) {
    throw new Error(`not a path that a janitor may be given: ${path}`)
  }
}

/** Beside this file when built; when this is a TypeScript source under test, in dist. */
function mainFile(): string {
  const beside = fileURLToPath(new URL('./janitor-main.js', import.meta.url))
  if (existsSync(beside)) return beside
  return fileURLToPath(new URL('../../dist/host/janitor-main.js', import.meta.url))
}

const DONE_LIMIT_MS = 5_000

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findTool } from '../../../src/host/find-tool.js'
import { identifyProcess } from '../../../src/host/processes.js'
import { runTool, runToolOrFail } from '../../../src/host/run-tool.js'
import { makeScratch, type Scratch } from '../../../src/host/scratch.js'
import type { ToolCall } from '../../../src/model/host.js'
import { compileHost } from './compiled-host.js'

let scratch: Scratch
beforeEach(async () => {
  scratch = await makeScratch(tmpdir(), 'run-tool-test', 0o700)
})
afterEach(() => scratch.remove())

it('tells how a program ended and what it printed', async () => {
  const result = await runTool(sh('echo out; echo err >&2; exit 3'))

  expect(result).toMatchObject({ exitCode: 3, signal: undefined, stdout: 'out\n', stderr: 'err\n' })
})

it('turns a non-zero exit into TOOL_FAILED with the last words', async () => {
  const run = runToolOrFail(sh('echo first >&2; echo "no such file" >&2; exit 2'))

  await expect(run).rejects.toMatchObject({
    code: 'TOOL_FAILED',
    message: 'sh exited 2',
    why: 'no such file',
    lines: ['first', 'no such file'],
  })
})

it('names a program that is not installed', async () => {
  await expect(runTool({ tool: 'cvm-no-such-tool', args: [] })).rejects.toMatchObject({ code: 'TOOL_MISSING' })
})

it('says why a program that is there could not be started', async () => {
  const program = join(scratch.path, 'odd')
  await writeFile(program, '#!/no/such/interpreter\n')
  await chmod(program, 0o755)

  await expect(runTool({ tool: program, args: [] })).rejects.toMatchObject({ code: 'TOOL_FAILED' })
})

it('gives no input and only the allow-listed environment', async () => {
  process.env['LD_BIND_NOW_TRAP'] = 'caller'
  process.env['BASH_ENV'] = '/no/such'

  const { stdout } = await runTool({ ...sh('cat; env'), env: { CVM_EXTRA: 'of the call' } })

  delete process.env['LD_BIND_NOW_TRAP']
  delete process.env['BASH_ENV']
  expect(stdout).toContain('CVM_EXTRA=of the call\n')
  expect(stdout).toContain('LC_ALL=C.UTF-8\n')
  expect(stdout).not.toMatch(/LD_BIND_NOW_TRAP|BASH_ENV/)
})

it('kills the whole family when time is over, also those that ignore TERM', async () => {
  const pids = join(scratch.path, 'pids')
  const script = `trap '' TERM; (trap '' TERM; sleep 61) & sleep 61 & echo $$ $! > ${pids}; wait; wait`

  const started = performance.now()

  const run = runTool(sh(script), { timeoutMs: 300, graceMs: 200 })

  await expect(run).rejects.toMatchObject({ code: 'TOOL_TIMED_OUT' })
  expect(performance.now() - started).toBeLessThan(5000)
  const group = (await readFile(pids, 'utf8')).trim().split(' ').map(Number)
  expect(group).toHaveLength(2)
  await delay(50)
  expect(group.map(identifyProcess)).toEqual([undefined, undefined])
  expect(runningMembers(group[0])).toEqual([])
})

it('does not take a long timeout for none at all', async () => {
  const result = await runTool(sh('sleep 0.1; echo done'), { timeoutMs: 40_000 * 60_000 })

  expect(result.stdout).toBe('done\n')
})

it('is not delayed by a daemon that holds the output, and kills it', async () => {
  const result = await runTool(sh('sleep 62 & echo $!'))

  expect(result.seconds).toBeLessThan(2)
  expect(identifyProcess(Number(result.stdout))).toBeUndefined()
})

it('is not delayed by a daemon that left its group with the output in hand', async () => {
  const gone = join(scratch.path, 'nobody-reads')
  const left = join(scratch.path, 'left-the-group')
  const daemon = `trap "" PIPE; touch ${left}; sleep 3; echo late || touch ${gone}`

  const result = await runTool(sh(`setsid sh -c '${daemon}' & until [ -e ${left} ]; do sleep 0.02; done; echo here`))

  expect(result.stdout).toBe('here\n')
  expect(result.seconds).toBeLessThan(2.5)
  await expect.poll(() => existsSync(gone), { timeout: 6000 }).toBe(true)
})

it('ends the program when asked to, and throws the reason', async () => {
  const abort = new AbortController()
  const reason = new Error('Ctrl-C')

  const run = runTool(sh('sleep 63'), { signal: abort.signal, onStart: () => abort.abort(reason) })

  await expect(run).rejects.toBe(reason)
})

it('does not start at all when it was ended before', async () => {
  const marker = join(scratch.path, 'marker')

  await expect(runTool(sh(`touch ${marker}`), { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')

  await expect(stat(marker)).rejects.toThrow('ENOENT')
})

it('hands on each line of both outputs', async () => {
  const lines: string[] = []

  await runTool(sh('echo a; echo b >&2; printf c'), { onLine: (line) => lines.push(line) })

  expect(lines.sort()).toEqual(['a', 'b', 'c'])
})

it('throws what a line handler throws, and ends the program', async () => {
  const run = runTool(sh('echo a; sleep 64'), {
    onLine: () => {
      throw new Error('bad line')
    },
  })

  await expect(run).rejects.toThrow('bad line')
})

it('survives 300 MB of output: small memory, capped log, last bytes kept', { timeout: 30_000 }, async () => {
  const host = await compileHost(scratch.path)
  const log = join(scratch.path, 'flood.log')
  const program = join(scratch.path, 'flood.mjs')
  await writeFile(
    program,
    `import { runTool } from ${JSON.stringify(join(host, 'run-tool.js'))}
const flood = { tool: 'sh', args: ['-c', 'head -c 300000000 /dev/zero; echo end'] }
const { stdout } = await runTool(flood, { logFile: ${JSON.stringify(log)}, logCapBytes: 1000000 })
console.log(JSON.stringify({ kept: stdout.length, end: stdout.slice(-4), rssMiB: process.resourceUsage().maxRSS / 1024 }))`,
  )

  const { stdout } = spawnSync(process.execPath, [program], { encoding: 'utf8' })

  const seen = JSON.parse(stdout)
  expect(seen).toMatchObject({ kept: 1024 * 1024, end: 'end\n' })
  expect(seen.rssMiB).toBeLessThan(200)
  expect((await stat(log)).size).toBeLessThan(1_000_100)
  expect((await readFile(log, 'latin1')).slice(-60)).toContain('[299000004 bytes are left out here')
})

it('finds programs in sbin too, but no directories and no plain files', async () => {
  const bin = join(scratch.path, 'bin')
  await mkdir(join(bin, 'cvm-a-directory'), { recursive: true })
  await writeFile(join(bin, 'cvm-a-file'), '')
  const path = process.env['PATH']
  process.env['PATH'] = bin

  const found = await Promise.all(['cvm-a-directory', 'cvm-a-file', 'ldconfig'].map(findTool))

  process.env['PATH'] = path
  expect(found).toEqual([undefined, undefined, '/usr/sbin/ldconfig'])
})

it.skipIf(process.getuid?.() !== 0)('runs as another account without any right of root (needs root)', async () => {
  const as = { name: 'nobody', uid: 65534, gid: 65534 }

  const { stdout } = await runTool(sh('id -u; id -G; echo "$HOME"; pwd'), { as })

  expect(stdout).toBe('65534\n65534\n/\n/\n')
})

function sh(script: string): ToolCall {
  return { tool: 'sh', args: ['-c', script] }
}

/** Zombies aside: where nothing reaps orphans they stay in the table. */
function runningMembers(pgid: number | undefined): readonly number[] {
  const { stdout } = spawnSync('ps', ['-e', '-o', 'pid=,pgid='], { encoding: 'utf8' })
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  return rows.flatMap(([pid, group]) => (pid !== undefined && group === pgid && identifyProcess(pid) ? [pid] : []))
}

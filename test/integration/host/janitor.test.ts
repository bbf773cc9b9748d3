import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readFileSync, renameSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { identifyProcess } from '../../../src/host/processes.js'
import { makeScratch, type Scratch } from '../../../src/host/scratch.js'
import { compileHost } from './compiled-host.js'

let compiled: Scratch
let host: string
let scratch: Scratch
let children: ChildProcess[]
beforeAll(async () => {
  compiled = await makeScratch(tmpdir(), 'janitor-host', 0o700)
  host = await compileHost(compiled.path)
})
afterAll(() => compiled.remove())
beforeEach(async () => {
  children = []
  scratch = await makeScratch(tmpdir(), 'janitor-test', 0o700)
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await scratch.remove()
})

it('ends processes and removes paths after its parent was killed, and leaves alone what is not ours', async () => {
  const sleeper = startSleep()
  const stranger = startSleep()
  const dir = join(scratch.path, 'work')
  const replaced = join(scratch.path, 'replaced')
  await mkdir(join(dir, 'deep'), { recursive: true })
  await writeFile(replaced, 'ours')
  const parent = await startParent(`
    janitor.watchPath(${JSON.stringify(dir)})
    janitor.watchPath(${JSON.stringify(join(scratch.path, 'later'))})
    janitor.watchPath(${JSON.stringify(replaced)})
    janitor.watchPid(${sleeper.pid}, ${JSON.stringify(startTimeOf(sleeper))})
    janitor.watchPid(${stranger.pid}, '1')`)
  await writeFile(join(scratch.path, 'later'), '')
  await writeFile(join(scratch.path, 'new'), 'of somebody else')
  renameSync(join(scratch.path, 'new'), replaced)
  await expect.poll(() => handlesHangup(parent.janitorPid)).toBe(true)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(parent.janitorPid, signal)

  parent.process.kill('SIGKILL')

  await expect.poll(() => identifyProcess(parent.janitorPid), { timeout: 8000 }).toBeUndefined()
  expect(identifyProcess(sleeper.pid ?? 0)).toBeUndefined()
  expect(identifyProcess(stranger.pid ?? 0)).toBeDefined()
  expect(existsSync(dir)).toBe(false)
  expect(existsSync(join(scratch.path, 'later'))).toBe(false)
  expect(readFileSync(replaced, 'utf8')).toBe('of somebody else')
})

it('ends what a pidfile names only when that is QEMU', async () => {
  const run = join(scratch.path, 'run')
  await mkdir(run)
  const fakeQemu = join(scratch.path, 'qemu-system-fake')
  copyFileSync('/bin/sleep', fakeQemu)
  const qemu = startSleep(fakeQemu)
  const stranger = startSleep()
  const parent = await startParent(`janitor.watchPidfile(${JSON.stringify(run)})`)
  await writeFile(join(run, 'domain.pid'), `${qemu.pid}\n`)
  await writeFile(join(run, 'other.pid'), `${stranger.pid}\n`)
  await writeFile(join(run, 'broken.pid'), 'x')

  parent.process.kill('SIGKILL')

  await expect.poll(() => identifyProcess(parent.janitorPid), { timeout: 8000 }).toBeUndefined()
  expect(identifyProcess(qemu.pid ?? 0)).toBeUndefined()
  expect(identifyProcess(stranger.pid ?? 0)).toBeDefined()
})

it('touches nothing when its parent is done, and does not keep it', async () => {
  const dir = join(scratch.path, 'work')
  await mkdir(dir)

  const parent = await startParent(`janitor.watchPath(${JSON.stringify(dir)}); await janitor.done()`)
  await once(parent.process, 'exit')

  expect(parent.process.exitCode).toBe(0)
  expect(identifyProcess(parent.janitorPid)).toBeUndefined()
  expect(existsSync(dir)).toBe(true)
})

it('refuses paths that are not plain, absolute and deep enough', async () => {
  const paths = ['relative/path', '/', '/home', '/home/../etc/passwd', '/home//x']
  const parent = await startParent(`
    for (const path of ${JSON.stringify(paths)}) {
      try { janitor.watchPath(path); console.log('taken') } catch { console.log('refused') }
    }
    await janitor.done()`)

  expect(parent.lines.slice(1, -1)).toEqual(paths.map(() => 'refused'))
})

/** A Node process that starts a janitor, runs the script, and then stays until it is killed or has nothing to do. */
async function startParent(
  script: string,
): Promise<{ process: ChildProcess; janitorPid: number; lines: readonly string[] }> {
  const program = join(scratch.path, 'parent.mjs')
  const stays = script.includes('done()') ? '' : 'setInterval(() => {}, 1000)'
  await writeFile(
    program,
    `import { readFileSync } from 'node:fs'
import { startJanitor } from ${JSON.stringify(join(host, 'janitor.js'))}
const janitor = startJanitor()
console.log(readFileSync(\`/proc/self/task/\${process.pid}/children\`, 'utf8').trim())
${script}
console.log('ready')
${stays}`,
  )
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (line === 'ready') break
  }
  return { process: child, janitorPid: Number(lines[0]), lines }
}

function startSleep(program = 'sleep'): ChildProcess {
  const child = spawn(program, ['65'], { stdio: 'ignore' })
  children.push(child)
  return child
}

function startTimeOf(child: ChildProcess): string {
  return identifyProcess(child.pid ?? 0)?.startTime ?? ''
}

/** Bit 0 of SigCgt in /proc/PID/status is SIGHUP, which Node itself does not catch. */
function handlesHangup(pid: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  return (BigInt(`0x${mask}`) & 1n) === 1n
}

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TinyGuest, tinyDisk } from '../fixtures/tiny-guests.js'

const BIN = fileURLToPath(new URL('../../dist/cli/bin-qemu-test.js', import.meta.url))
let dir: string

beforeAll(async () => {
  if (!existsSync(BIN)) throw new Error('build first: npm run build')
  dir = await mkdtemp(join(tmpdir(), 'qemu-test-command-'))
  // As root QEMU runs as another account, which has to get in.
  await chmod(dir, 0o755)
})

afterAll(async () => {
  await rm(dir, { recursive: true })
})

async function imageOf(guest: TinyGuest): Promise<string> {
  const image = join(dir, 'guest.raw')
  await writeFile(image, tinyDisk(guest))
  return image
}

interface Run {
  readonly child: ChildProcess
  readonly stderr: () => string
  readonly ended: Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>
}

function start(...args: readonly string[]): Run {
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', NO_COLOR: '1', TMPDIR: dir }
  const child = spawn(process.execPath, [BIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<Awaited<Run['ended']>>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return { child, stderr: () => stderr, ended }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let n = 0; n < 200; n += 1) {
    if (await condition()) return
    await sleep(100)
  }
  throw new Error('it did not come true within 20 s')
}

/** Scratch directories and processes of the command that are still there; its scratch lies in our own TMPDIR. */
async function leftovers(): Promise<readonly string[]> {
  const left = (await readdir(dir)).filter((name) => name.startsWith('cvm-qemu-test'))
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (/^[^\0]*qemu-system/.test(words) && words.includes(dir)) left.push(`process ${pid}`)
  }
  return left
}

const SMALL = ['--accel', 'tcg', '--memory', '128M', '--vcpus', '1']

describe('cvm-qemu-test', () => {
  it('prints a table and a verdict without colour or progress codes, and exits 7 when the guest stops', async () => {
    const image = await imageOf({ prints: '\r\nLinux version 6.1.0 (x)\r\n', ending: 'power-off' })

    const { code, stdout, stderr } = await start('-i', image, ...SMALL).ended

    expect(code).toBe(7)
    expect(stdout).toMatch(/✔ kernel +\d+\.\d s {2}6\.1\.0/)
    expect(stdout).toContain(`FAILED ${image} did not come up`)
    expect(stderr).toMatch(/error\[GUEST_STOPPED_EARLY\] .*\n {2}why: {2}.*\n {2}next: /)
    expect(stdout + stderr).not.toContain('\x1b')
  })

  it('prints exactly one JSON object with --json', async () => {
    const image = await imageOf({ prints: '\r\nKernel panic - not syncing: x\r\n', ending: 'hang' })

    const { code, stdout } = await start('-i', image, '--json', '--quiet', ...SMALL).ended

    expect(code).toBe(7)
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      accel: 'tcg',
      firmware: { kind: 'bios' },
      error: { code: 'GUEST_PANICKED' },
    })
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('cleans up on %s and exits 128 + n', async (signal) => {
    const run = start('-i', await imageOf({ ending: 'hang' }), ...SMALL)
    await until(() => run.stderr().includes('to come up'))

    run.child.kill(signal)
    const { code, stderr } = await run.ended

    expect(code).toBe({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal])
    expect(stderr).toContain('cleaning up')
    expect(await leftovers()).toEqual([])
  })

  it('leaves no machine and no scratch behind when it is killed', async () => {
    const run = start('-i', await imageOf({ ending: 'hang' }), ...SMALL)
    await until(() => run.stderr().includes('to come up'))

    run.child.kill('SIGKILL')
    await run.ended

    await until(async () => (await leftovers()).length === 0)
  })

  it('keeps its exit code when nobody reads its output', async () => {
    const run = start('-i', await imageOf({ prints: '\r\n', ending: 'power-off' }), ...SMALL)
    run.child.stdout?.destroy()
    run.child.stderr?.destroy()

    expect((await run.ended).code).toBe(7)
  })
})

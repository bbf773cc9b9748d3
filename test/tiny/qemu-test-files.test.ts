import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type TinyGuest, tinyDisk } from '../fixtures/tiny-guests.js'

const BIN = fileURLToPath(new URL('../../dist/cli/bin-qemu-test.js', import.meta.url))
const PANICS: TinyGuest = { prints: '\r\nKernel panic - not syncing: x\r\n', ending: 'hang' }
const EARLIER = '<?xml version="1.0"?><testsuites tests="1" failures="0"/>'
let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'qemu-test-files-'))
  // As root QEMU runs as another account, which has to get in.
  await chmod(dir, 0o755)
})
afterEach(async () => {
  await rm(dir, { recursive: true })
})

function at(name: string): string {
  return join(dir, name)
}

async function anImage(guest: TinyGuest, name = 'guest.raw'): Promise<string> {
  await writeFile(at(name), tinyDisk(guest))
  return at(name)
}

interface Run {
  readonly child: ChildProcess
  readonly stderr: () => string
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
}

function start(...args: readonly string[]): Run {
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir, NO_COLOR: '1', TMPDIR: dir }
  const small = ['--accel', 'tcg', '--memory', '128M', '--vcpus', '1']
  const child = spawn(process.execPath, [BIN, ...small, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<Awaited<Run['ended']>>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
  return { child, stderr: () => stderr, ended }
}

describe('the files that cvm-qemu-test writes', () => {
  it('never cost an image, though its name is that of a file which is made', async () => {
    const image = await anImage(PANICS, 'g.hvc0')
    const before = await readFile(image)

    const { code, stderr } = await start('-i', image, '--console', at('g'), '--junit', at('j.xml')).ended

    expect(code).toBe(2)
    expect(stderr).toContain(`error[USAGE] --console would write over the image: ${image}`)
    expect((await readFile(image)).equals(before)).toBe(true)
    expect(await readdir(dir)).toEqual(['g.hvc0'])
  })

  it('never cost a disk that only a launch file names, nor a file that is no report', async () => {
    const image = await anImage(PANICS)
    await writeFile(at('data.raw'), Buffer.alloc(1 << 20, 'data'))
    await writeFile(at('l.yaml'), 'vm:\n  disks:\n    - { path: data.raw, format: raw }\n')
    const before = await readFile(at('data.raw'))

    for (const flag of ['--junit', '--console']) {
      const { code, stderr } = await start('-i', image, '--launch', at('l.yaml'), flag, at('data.raw')).ended
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(/^error\[(?:OUTPUT_EXISTS|USAGE)\] --/m),
      })
    }

    expect((await readFile(at('data.raw'))).equals(before)).toBe(true)
  })

  it('are not touched while an expectation is wrong, and all of those are told at once', async () => {
    const image = await anImage(PANICS)
    await writeFile(at('console.log'), 'of an earlier test')
    await writeFile(at('one.yaml'), 'secure-boot: perhaps\n')
    const wrong = ['--expect', at('one.yaml'), '--expect', 'unti=ssh.service', '--expect', at('missing.yaml')]

    const { code, stderr } = await start('-i', image, ...wrong, '--console', at('console.log')).ended

    expect(code).toBe(2)
    expect(stderr).toMatch(
      /error\[EXPECTATIONS_INVALID\] 3 expectations are wrong[\s\S]*one\.yaml:1:[\s\S]*unti[\s\S]*missing\.yaml/,
    )
    expect(await readFile(at('console.log'), 'utf8')).toBe('of an earlier test')
  })

  it('are those of this run alone, and only the owner reads consoles', async () => {
    const image = await anImage(PANICS)
    await mkdir(at('logs'))
    for (const name of ['console-hvc0.log', 'pcrs.json', 'event-log.json', 'mine.txt'])
      await writeFile(at(`logs/${name}`), 'old')
    await writeFile(at('c.hvc0'), 'old')

    const { code, stdout } = await start('-i', image, '--save-log', at('logs'), '--console', at('c')).ended

    expect(code).toBe(7)
    expect(stdout).toContain(`Saved in ${at('logs')}: console.log\n`)
    expect((await readdir(at('logs'))).sort()).toEqual(['console.log', 'mine.txt'])
    expect(await readFile(at('logs/console.log'), 'latin1')).toContain('Kernel panic')
    expect(await readFile(at('c'))).toEqual(await readFile(at('logs/console.log')))
    expect((await stat(at('c'))).mode & 0o777).toBe(0o600)
    expect(existsSync(at('c.hvc0'))).toBe(false)
  })

  it('may be stdout, which nothing replaces', async () => {
    const image = await anImage(PANICS)

    const { code, stdout } = await start('-i', image, '--console', '/dev/stdout', '--junit', '/dev/stdout').ended

    expect(code).toBe(7)
    expect(stdout).toMatch(/Kernel panic - not syncing: x[\s\S]*<testsuites [\s\S]*<\/testsuites>[\s\S]*FAILED/)
    expect(existsSync('/dev/stdout.hvc0')).toBe(false)
  })

  it('do not change the verdict when they cannot be completed, and that is told', async () => {
    const image = await anImage(PANICS)

    const { code, stdout, stderr } = await start('-i', image, '--console', '/dev/full', '--junit', '/dev/full').ended

    expect(code).toBe(7)
    expect(stdout).toContain('FAILED')
    expect(stderr).toMatch(/warning \/dev\/full is not complete: ENOSPC/)
    expect(stderr).toMatch(/error\[OUTPUT_UNWRITABLE\] the result cannot be written to \/dev\/full/)
    expect(stderr).toMatch(/error\[GUEST_PANICKED\]/)
  })

  it('make the exit code 9 when the guest passed and the report is lost', async () => {
    const image = await anImage({ prints: '\r\ntiny login: ', ending: 'hang' })

    const { code, stdout } = await start('-i', image, '--junit', '/dev/full').ended

    expect({ code, stdout }).toEqual({ code: 9, stdout: expect.stringContaining('PASSED') })
  })
})

describe('the report of --junit', () => {
  it('tells of a test that could not be made, in place of an earlier report', async () => {
    const image = await anImage(PANICS)
    await writeFile(at('real.xml'), EARLIER)
    await symlink('real.xml', at('j.xml'))

    const { code } = await start('-i', image, '--launch', at('no.yaml'), '--junit', at('j.xml')).ended

    expect(code).toBe(2)
    const xml = await readFile(at('real.xml'), 'utf8')
    expect(xml).toMatch(/tests="1" failures="0" errors="1"/)
    expect(xml).toMatch(/<error message="LAUNCH_INVALID: the launch file .*no\.yaml cannot be read">/)
  })

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'tells that a test was ended by %s, in place of an earlier report',
    async (signal) => {
      await writeFile(at('j.xml'), EARLIER)
      const run = start('-i', await anImage({ ending: 'hang' }), '--junit', at('j.xml'))
      await expect.poll(run.stderr, { timeout: 20_000 }).toContain('to come up')

      run.child.kill(signal)
      await run.ended

      const told = { SIGTERM: 'SIGTERM: interrupted by SIGTERM', SIGKILL: 'the test has not ended' }[signal]
      expect(await readFile(at('j.xml'), 'utf8')).toContain(`errors="1" skipped="0" time="0.0">\n    <testcase`)
      expect(await readFile(at('j.xml'), 'utf8')).toContain(`<error message="${told}">`)
    },
  )

  it('has the failure of a guest that did not come up', async () => {
    await start('-i', await anImage({ ending: 'power-off' }), '--junit', at('j.xml')).ended

    expect(await readFile(at('j.xml'), 'utf8')).toMatch(
      /failures="1" errors="0"[\s\S]*<failure message="GUEST_STOPPED_EARLY: /,
    )
  })

  it('is not written by --dry-run', async () => {
    const { code } = await start('-i', await anImage(PANICS), '--dry-run', '--junit', at('j.xml'), '--console', at('c'))
      .ended

    expect(code).toBe(0)
    expect((await readdir(dir)).sort()).toEqual(['guest.raw'])
  })
})

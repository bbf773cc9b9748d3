import { execFile, execFileSync, spawn } from 'node:child_process'
import { link, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anMbrDisk } from '../../unit/image/a-disk.js'

const PROGRAM = fileURLToPath(new URL('../../../dist/cli/bin-rewrite.js', import.meta.url))
const NOTHING_ON_PATH = { PATH: '/nonexistent' }
let dir = ''

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'usage-'))
  await writeFile(join(dir, 'guest.raw'), anMbrDisk([0x83]))
  await truncate(join(dir, 'guest.raw'), 4 * 2 ** 20)
  await writeFile(join(dir, 'taken.qcow2'), 'mine')
  await symlink('guest.raw', join(dir, 'by-symlink.qcow2'))
  await symlink('nowhere', join(dir, 'dangling'))
  await symlink('taken.qcow2', join(dir, 'leading-away'))
  await link(join(dir, 'guest.raw'), join(dir, 'by-hard-link.qcow2'))
  await mkdir(join(dir, 'folder'))
  execFileSync('mkfifo', [join(dir, 'pipe')])
})
afterAll(async () => await rm(dir, { recursive: true, force: true }))

describe('the command line of cvm-rewrite', () => {
  it.concurrent.each([
    { args: [], code: 2, words: ['no input image', 'cvm-rewrite -i guest.qcow2'] },
    { args: ['--inptu', 'x'], code: 2, words: ["unknown option '--inptu'", 'Did you mean --input?'] },
    { args: ['doktor'], code: 2, words: ['"doktor" is not a command', 'did you mean: cvm-rewrite doctor'] },
    { args: ['guest.raw'], code: 2, words: ['An image is given with -i: cvm-rewrite -i guest.raw'] },
    { args: ['-i', 'guest.raw', 'extra'], code: 2, words: ['"extra" is not'] },
    { args: ['-i', 'guest.raw', '-s', ''], code: 2, words: ['empty libvirt URI'] },
    { args: ['-i', 'guest.raw', '-o', '-'], code: 2, words: ['not written to stdout'] },
    { args: ['-i', 'guest.raw', '-o', '\uFFFD.qcow2'], code: 2, words: ['not valid UTF-8'] },
    { args: ['-i', 'guest.raw', '-o', `${'x'.repeat(240)}.qcow2`], code: 2, words: ['too long', '230'] },
    { args: ['-i'], code: 2, words: ['argument missing'] },
    { args: ['-i', ''], code: 2, words: ['empty path'] },
    { args: ['-i', 'guest.raw', '-o', ''], code: 2, words: ['empty path'] },
    ...['abc', '0', '-5', '2.5', '6m', '40000'].map((time) => ({
      args: ['-i', 'guest.raw', '-t', time],
      code: 2,
      words: ['whole minutes, from 1 to 35791'],
    })),
    { args: ['-i', 'guest.raw', '--accel', 'fast'], code: 2, words: ['auto, kvm, tcg'] },
    { args: ['-i', 'guest.raw', '-q', '-v'], code: 2, words: ['cannot be used with'] },
    { args: ['plugin', 'lst'], code: 2, words: ['error[USAGE]'] },
    { args: ['explain', 'NO_SUCH'], code: 2, words: ['there is no error code NO_SUCH', 'NO_SPACE'] },
  ])('is refused with exit 2 and a next step, without any program: $args', async ({ args, code, words }) => {
    const result = await run(args, NOTHING_ON_PATH)

    expect(result).toMatchObject({ code, stdout: '' })
    for (const each of words) expect(result.stderr).toContain(each)
    expect(result.stderr).toMatch(/^error\[USAGE\] /)
    expect(result.stderr).toMatch(/\n {2}next: /)
  })

  it.concurrent.each([
    { args: ['-i', 'gest.raw'], code: 2, error: 'INPUT_NOT_FOUND', words: ['guest.raw'] },
    { args: ['-i', 'guest.raw', '-o', 'out.raw'], code: 2, error: 'USAGE', words: ['always qcow2'] },
    { args: ['-i', '-'], code: 4, error: 'INPUT_NOT_A_FILE', words: ['standard input'] },
    { args: ['-i', 'folder'], code: 4, error: 'INPUT_NOT_A_FILE', words: ['folder'] },
    { args: ['-i', 'pipe'], code: 4, error: 'INPUT_NOT_A_FILE', words: ['pipe'] },
    { args: ['-i', 'guest.raw', '-o', 'taken.qcow2'], code: 2, error: 'OUTPUT_EXISTS', words: ['--force'] },
    { args: ['-i', 'guest.raw', '-o', 'guest.raw', '-f'], code: 2, error: 'OUTPUT_IS_INPUT', words: [] },
    { args: ['-i', 'guest.raw', '-o', 'by-symlink.qcow2', '-f'], code: 2, error: 'OUTPUT_IS_INPUT', words: [] },
    { args: ['-i', 'guest.raw', '-o', 'by-hard-link.qcow2', '-f'], code: 2, error: 'OUTPUT_IS_INPUT', words: [] },
    { args: ['-i', 'guest.raw', '-o', 'absent/out.qcow2'], code: 9, error: 'OUTPUT_UNWRITABLE', words: ['absent'] },
    { args: ['-i', 'guest.raw', '-o', 'taken.qcow2/out'], code: 9, error: 'OUTPUT_UNWRITABLE', words: [] },
    { args: ['-i', 'guest.raw', '-o', 'folder'], code: 9, error: 'OUTPUT_UNWRITABLE', words: ['folder/output.qcow2'] },
    { args: ['-i', 'guest.raw', '-o', 'absent/'], code: 9, error: 'OUTPUT_UNWRITABLE', words: ['a directory'] },
    {
      args: ['-i', 'guest.raw', '-o', 'dangling', '-f'],
      code: 9,
      error: 'OUTPUT_UNWRITABLE',
      words: ['a link to nowhere'],
    },
    {
      args: ['-i', 'guest.raw', '-o', 'leading-away', '-f'],
      code: 9,
      error: 'OUTPUT_UNWRITABLE',
      words: ['a link to taken'],
    },
    { args: ['-i', 'guest.raw', '-o', '/proc/out.qcow2'], code: 9, error: 'IO_ERROR', words: ['/proc'] },
    { args: ['-i', 'guest.raw', '--plugins', 'folder'], code: 2, error: 'USAGE', words: ['cvm-rewrite init'] },
    { args: ['-i', 'guest.raw', '--skip', '77-none'], code: 2, error: 'PLUGIN_UNKNOWN', words: ['77-none'] },
  ])('gives exit $code with $error for $args, and touches nothing', async ({ args, code, error, words }) => {
    const result = await run([...args, '--accel', 'tcg', '--json'])

    expect(result).toMatchObject({ code, stderr: '' })
    const told = JSON.parse(result.stdout)
    expect(told).toMatchObject({ outcome: 'error', error: { code: error } })
    for (const each of words) expect(JSON.stringify(told.error)).toContain(each)
  })

  it('names all missing programs at once, with one line that installs them', async () => {
    const { code, stderr } = await run(['-i', 'guest.raw'], { PATH: join(dir, 'folder') })

    // The sbin directories are always looked into, so libvirtd may be there.
    expect(code).toBe(3)
    expect(stderr).toMatch(/^error\[TOOL_MISSING\] not installed: qemu-img, qemu-system-x86_64, virt-install, virsh/)
    expect(stderr).toMatch(/next: apt-get install --no-install-recommends .*\bqemu-utils\b.*\bvirtinst\b/)
  })
})

describe('an option that is given twice', () => {
  it('counts as it was given last, as the help says', async () => {
    const { stderr } = await run(['-ifolder', '-t', 'x', '-i', 'folder', '-t6', '-igest.raw'])

    expect(stderr).toMatch(/^error\[USAGE\].*'x' is invalid/)
    expect((await run(['-i', 'folder', '-t5', '-t6', '-igest.raw'])).stderr).toMatch(
      /^error\[INPUT_NOT_FOUND\].*gest\.raw/,
    )
    expect((await run(['--help'])).stdout).toContain('An option given twice: the last one counts')
  })
})

describe('what cvm-rewrite prints', () => {
  it('has no colours with NO_COLOR, which a terminal or FORCE_COLOR would bring', async () => {
    const colourful = { FORCE_COLOR: '1', PATH: '/nonexistent' }

    expect((await run([], colourful)).stderr).toContain('\u001b[')
    expect((await run([], { ...colourful, NO_COLOR: '1' })).stderr).not.toContain('\u001b')
  })

  it.each([
    ['>/dev/full', 9, /^error\[IO_ERROR\] stdout could not be written\n {2}why: {2}ENOSPC.*\n {2}next: /],
    ['>&-', 0, /^$/],
    ['2>/dev/full >/dev/null', 0, /^$/],
  ])('may get lost: %s', async (redirection, code, words) => {
    const command = `"$0" "$1" plugin list ${redirection}`
    const result = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile('sh', ['-c', command, process.execPath, PROGRAM], { cwd: dir }, (error, _, stderr) =>
        resolve({ code: error?.code ?? 0, stderr }),
      )
    })

    expect(result).toEqual({ code, stderr: expect.stringMatching(words) })
  })
})

describe('cvm-rewrite --help', () => {
  it('answers at once, without any program on PATH', async () => {
    const ratios: number[] = []
    for (let round = 0; round < 7; round += 1) {
      const nodeMs = await timeMs(() => execFileSync(process.execPath, ['-e', '0']))
      const helpMs = await timeMs(async () => {
        const { code, stdout, stderr } = await run(['--help'], NOTHING_ON_PATH)
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
        expect(stdout).toMatch(/^Examples:\n/)
        expect(stdout).toContain('Exit codes: 0 ok')
      })
      ratios.push(helpMs / nodeMs)
    }

    // 1.7 on an idle machine. A ratio, for other tests run beside this one.
    expect(ratios.sort((one, other) => one - other)[3]).toBeLessThan(3)
  })

  it.each([['--help'], ['explain', 'GUEST_TIMED_OUT'], ['-i', 'gest.raw']])(
    'leaves no trace of a reader that went away: %s',
    async (...args) => {
      const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
      child.stdout.destroy()
      let stderr = ''
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString()
      })
      await new Promise((resolve) => child.on('close', resolve))

      expect(stderr).not.toMatch(/EPIPE|at .*\.js:\d+/)
    },
  )
})

describe('the small commands of cvm-rewrite', () => {
  it('explain tells the exit code, the meaning and what to do', async () => {
    const { code, stdout } = await run(['explain', 'guest_timed_out'], NOTHING_ON_PATH)

    expect(code).toBe(0)
    expect(stdout).toMatch(/^GUEST_TIMED_OUT \(exit code 124\)\n {2}The guest .*\n {2}next: /)
  })

  it('init makes a directory that plugin list reads, and overwrites nothing', async () => {
    const target = join(dir, 'mine')

    expect((await run(['init', target], NOTHING_ON_PATH)).code).toBe(0)
    const again = await run(['init', target], NOTHING_ON_PATH)
    const listed = await run(['plugin', 'list', '--json', '--plugins', target], NOTHING_ON_PATH)

    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('pre-stage') })
    expect(listed.code).toBe(0)
    const { plugins, problems } = JSON.parse(listed.stdout)
    expect(problems).toEqual([])
    expect(plugins.map((plugin: { name: string }) => plugin.name)).toContain('10-seal')
    expect(plugins.every((plugin: { dir: string }) => plugin.dir.startsWith(`${target}/`))).toBe(true)
  })

  it('doctor lists what is missing and ends with exit 3', async () => {
    const { code, stdout } = await run(['doctor', '--json'], { PATH: join(dir, 'folder') })

    expect(code).toBe(3)
    const { ok, findings, next } = JSON.parse(stdout)
    expect(ok).toBe(false)
    expect(findings).toContainEqual(expect.objectContaining({ name: 'qemu-img', ok: false, needed: true }))
    expect(next).toContain('qemu-utils')
  })
})

function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = { PATH: process.env['PATH'] ?? '' },
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { cwd: dir, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })
}

async function timeMs(work: () => unknown): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

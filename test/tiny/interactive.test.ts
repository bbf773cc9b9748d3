import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type TinyGuest, tinyDisk } from '../fixtures/tiny-guests.js'

const BIN = fileURLToPath(new URL('../../dist/cli/bin-qemu-test.js', import.meta.url))
const PERSON = fileURLToPath(new URL('../fixtures/person.sh', import.meta.url))
const CTRL_RIGHT_BRACKET = '\x1d'
let dir: string
let session: ChildProcess | undefined

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tty-'))
  await chmod(dir, 0o755)
})
afterEach(async () => {
  session?.kill('SIGKILL')
  await rm(dir, { recursive: true, force: true })
})

interface Session {
  type(keys: string): void
  /** Waits until the screen shows it; returns all that was ever on it. */
  shows(text: string | RegExp): Promise<string>
  readonly image: string
}

/** Sits down at a pseudo-terminal (util-linux's script) and runs the test in it. */
async function sitDown(guest: TinyGuest, ...more: readonly string[]): Promise<Session> {
  const image = join(dir, 'guest.raw')
  await writeFile(image, tinyDisk(guest))
  const words = ['bash', PERSON, process.execPath, BIN, '-i', image, '--interactive', '--accel', 'tcg', ...more]
  const command = words.map((word) => `'${word}'`).join(' ')
  const env = { PATH: process.env['PATH'], HOME: dir, TMPDIR: dir, NO_COLOR: '1', SHELL: '/bin/sh', TERM: 'xterm' }
  const child = spawn('script', ['-q', '-c', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  session = child
  let screen = ''
  child.stdout.on('data', (chunk) => {
    screen += chunk
  })
  return {
    image,
    type: (keys) => child.stdin.write(keys),
    shows: async (text) => {
      await expect.poll(() => screen, { timeout: 30_000 }).toMatch(text)
      return screen
    },
  }
}

function settings(screen: string): { readonly before: string | undefined; readonly after: string | undefined } {
  return { before: /settings-before (\S+)/.exec(screen)?.[1], after: /settings-after (\S+)/.exec(screen)?.[1] }
}

/** Programs of the test that still run: everything of it has the directory in its command line. */
function leftRunning(): string {
  return execFileSync('sh', ['-c', `ps -eo args | grep -F -- "$0" | grep -v grep || true`, `${dir}/cvm`], {
    encoding: 'utf8',
  })
}

describe('cvm-qemu-test --interactive in a terminal', () => {
  it('types into the guest, leaves with Ctrl-], judges what was seen, and leaves terminal and image as they were', async () => {
    const console = join(dir, 'console.log')
    const person = await sitDown(
      { prints: '\r\ntiny login: ', ending: 'echo' },
      '--console',
      console,
      '--junit',
      join(dir, 'j.xml'),
    )
    const before = await stat(person.image)
    await person.shows(/Ctrl-\] leaves[\s\S]*tiny login: /)

    // Ctrl-C is the guest's.
    person.type('hello \x03there')
    await person.shows('hello \x03there')
    person.type(CTRL_RIGHT_BRACKET)

    const screen = await person.shows(/settings-after \S+/)
    expect(screen).toMatch(/PASSED .*guest\.raw reached its login prompt/)
    expect(screen).toMatch(/exit 0/)
    // Colours and line wrap as usual, and what follows stands below the guest's words: a reset of the scrolled region moves the cursor up.
    expect(screen).toContain('\x1b[?7h')
    expect(screen).toContain('\x1b7\x1b[r\x1b8')
    const { before: settingsBefore, after } = settings(screen)
    expect(settingsBefore).toMatch(/^[0-9a-f:]+$/)
    expect(after).toBe(settingsBefore)
    expect((await stat(person.image)).mtimeMs).toBe(before.mtimeMs)
    expect(await readFile(console, 'latin1')).toContain('hello \x03there')
    expect(await readFile(join(dir, 'j.xml'), 'utf8')).toMatch(/<testcase [^>]*name="comes up" time="[\d.]+"\/>/)
    expect((await readdir(dir)).sort()).toEqual(['console.log', 'guest.raw', 'j.xml'])
    expect(leftRunning()).toBe('')
  })

  it('says with exit 7 that the person left before the guest was up', async () => {
    const person = await sitDown({ prints: 'nothing to see', ending: 'echo' })
    await person.shows('nothing to see')

    person.type(CTRL_RIGHT_BRACKET)

    const screen = await person.shows(/settings-after \S+/)
    expect(screen).toMatch(/error\[GUEST_LEFT_EARLY\] The console was left after [\d.]+ s, before the guest was up/)
    expect(screen).toMatch(/exit 7/)
  })

  it('lets a person look at what decided the verdict, such as an emergency shell', async () => {
    const person = await sitDown({ prints: '\r\nGive root password for maintenance\r\n', ending: 'echo' })
    await person.shows('for maintenance')

    person.type('secret')
    await person.shows('secret')
    person.type(CTRL_RIGHT_BRACKET)

    expect(await person.shows(/settings-after \S+/)).toMatch(/error\[GUEST_EMERGENCY_SHELL\][\s\S]*exit 7/)
  })

  it('keeps a failure that stands when the person leaves, though there was a login prompt before', async () => {
    const person = await sitDown({ prints: '\r\ntiny login: \r\nYou are in emergency mode.\r\n', ending: 'echo' })
    await person.shows('emergency mode')

    person.type(CTRL_RIGHT_BRACKET)

    expect(await person.shows(/settings-after \S+/)).toMatch(/error\[GUEST_EMERGENCY_SHELL\][\s\S]*exit 7/)
  })

  it('ends with the guest', async () => {
    const person = await sitDown({ prints: '\r\ntiny login: ', ending: 'power-off' })

    const screen = await person.shows(/settings-after \S+/)

    expect(screen).toMatch(/PASSED[\s\S]*exit 0/)
    expect(settings(screen).after).toBe(settings(screen).before)
  })

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'gives the terminal back when it ends by %s, and leaves nothing',
    async (signal) => {
      const person = await sitDown({ prints: 'tick', ending: 'echo' }, '--tpm')
      await person.shows('tick')
      expect(leftRunning()).toMatch(/qemu-system[\s\S]*swtpm|swtpm[\s\S]*qemu-system/)
      const pid = Number(execFileSync('pgrep', ['-f', `^${process.execPath} ${BIN} -i ${dir}`], { encoding: 'utf8' }))

      process.kill(pid, signal)

      const screen = await person.shows(/settings-after \S+/)
      expect(screen).toMatch(signal === 'SIGTERM' ? /exit 143/ : /exit 137/)
      expect(settings(screen).after).toBe(settings(screen).before)
      expect(screen).toContain('\x1b[?7h')
      await expect.poll(() => readdir(dir), { timeout: 10_000 }).toEqual(['guest.raw'])
      await expect.poll(leftRunning).toBe('')
    },
  )

  it('needs a terminal', () => {
    const image = join(dir, 'guest.raw')
    const run = () =>
      execFileSync(process.execPath, [BIN, '-i', image, '--interactive'], {
        stdio: ['pipe', 'pipe', 'pipe'],
        encoding: 'utf8',
      })

    expect(run).toThrow(/error\[USAGE\] --interactive needs a terminal\n {2}why: {2}its input is a file or a pipe/)
  })
})

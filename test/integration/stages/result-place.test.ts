import { execFileSync } from 'node:child_process'
import { chmod, link, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { settleLaunch } from '../../../src/launch/settle-launch.js'
import { assertBootResultPlaces, type BootPaths } from '../../../src/stages/boot-results.js'

let dir: string

beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'result-place-')))
  await writeFile(at('g.qcow2'), 'image')
})
afterEach(async () => {
  await rm(dir, { recursive: true })
})

function at(name: string): string {
  return join(dir, name)
}

async function check(paths: Partial<BootPaths>): Promise<void> {
  const before = await readdir(dir, { recursive: true })
  try {
    await assertBootResultPlaces({ image: at('g.qcow2'), expectations: [], ...paths })
  } finally {
    expect(await readdir(dir, { recursive: true })).toEqual(before)
  }
}

describe('assertBootResultPlaces', () => {
  it('takes files that are not there, that are to be replaced, terminals, pipes and directories to be made', async () => {
    await writeFile(at('old.log'), 'old')
    await symlink('old.log', at('link.log'))
    execFileSync('mkfifo', [at('pipe')])

    await check({ consoleFile: at('new.log'), junitFile: at('old.log'), saveLogDir: at('a/b') })
    await check({ consoleFile: at('link.log'), junitFile: '/dev/null' })
    await check({ consoleFile: '/dev/null', junitFile: '/dev/null' })
    await check({ consoleFile: at('pipe'), junitFile: '/dev/stdout' })
  })

  it.each(['g.qcow2', 'symlink', 'hardlink', 'sub/../g.qcow2'])('refuses the image, by the path %s', async (name) => {
    await mkdir(at('sub'))
    await symlink('g.qcow2', at('symlink'))
    await link(at('g.qcow2'), at('hardlink'))

    for (const paths of [{ consoleFile: `${dir}/${name}` }, { junitFile: `${dir}/${name}` }]) {
      await expect(check(paths)).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('would write over the image'),
      })
    }
  })

  it('refuses the image where the virtio console would be written', async () => {
    const image = at('g.hvc0')
    await writeFile(image, 'image')

    await expect(check({ image, consoleFile: at('g') })).rejects.toMatchObject({
      message: `--console would write over the image: ${image}`,
    })
    // A terminal or a pipe has no second file.
    await check({ image: '/dev/null.hvc0', consoleFile: '/dev/null' })
  })

  it('refuses files that the test reads, and those that the launch names', async () => {
    for (const name of ['l.json', 'e.yaml', 'vmlinuz', 'initrd', 'code', 'vars', 'data.raw'])
      await writeFile(at(name), 'x')
    const wishes = {
      kernel: at('vmlinuz'),
      initrd: at('initrd'),
      firmwareCode: at('code'),
      firmwareVars: at('vars'),
      disks: [{ path: at('data.raw'), format: 'raw', readOnly: false }] as const,
    }
    const inputs = {
      launchFile: at('l.json'),
      expectations: ['unit=ssh.service', at('e.yaml')],
      launch: settleLaunch([{ origin: 'the test', wishes }]),
      humanMonitor: at('monitor'),
    }

    for (const [name, what] of [
      ['l.json', 'the launch file'],
      ['e.yaml', 'the file of --expect'],
      ['vmlinuz', 'the kernel'],
      ['initrd', 'the initrd'],
      ['code', "the firmware's code"],
      ['vars', "the firmware's variables"],
      ['data.raw', 'a disk of the guest'],
      ['monitor', 'the socket of -p'],
    ] as const) {
      await expect(check({ ...inputs, junitFile: at(name) })).rejects.toMatchObject({
        code: 'USAGE',
        message: `--junit would write over ${what}: ${at(name)}`,
      })
    }
    await symlink('../data.raw', at('pcrs-target'))
    await mkdir(at('logs'))
    await symlink('../data.raw', at('logs/pcrs.json'))
    await expect(check({ ...inputs, saveLogDir: at('logs') })).rejects.toMatchObject({
      message: `--save-log would write over a disk of the guest: ${at('logs/pcrs.json')}`,
    })
  })

  it('refuses the place of the launch file of the image where there is none: the next start would read it', async () => {
    await expect(check({ junitFile: at('g.launch.json') })).rejects.toMatchObject({
      code: 'USAGE',
      message: `--junit would write over the launch file of the image: ${at('g.launch.json')}`,
    })
  })

  it('refuses two results in one file, also where neither is there yet', async () => {
    await symlink('c.log', at('dangling'))
    await mkdir(at('logs'))

    for (const [paths, words] of [
      [{ consoleFile: at('x'), junitFile: at('x') }, '--junit would write over the file of --console'],
      [{ consoleFile: at('x'), junitFile: at('x.hvc0') }, '--junit would write over the file of --console'],
      [{ consoleFile: at('c.log'), junitFile: at('dangling') }, '--junit would write over the file of --console'],
      [
        { consoleFile: at('logs/console.log'), saveLogDir: at('logs') },
        '--save-log would write over the file of --console',
      ],
    ] as const) {
      await expect(check(paths)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(words) })
    }
  })

  it('refuses directories, sockets, and places that are not there, all at once', async () => {
    await mkdir(at('sub'))
    const server = createServer().listen(at('socket'))
    await new Promise((resolve) => server.once('listening', resolve))

    await expect(check({ junitFile: at('sub') })).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      exitCode: 9,
      why: 'it is a directory',
    })
    await expect(check({ junitFile: at('socket') })).rejects.toMatchObject({ why: 'it is a socket' })
    await expect(check({ junitFile: `${at('new')}/` })).rejects.toMatchObject({ why: 'it names a directory' })
    await expect(
      check({ consoleFile: at('nowhere/c'), junitFile: at('g.qcow2/j.xml'), saveLogDir: at('g.qcow2') }),
    ).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringMatching(/^\d files cannot be written/),
      lines: expect.arrayContaining([
        expect.stringContaining('nowhere/c cannot be written: ENOENT'),
        expect.stringContaining('g.qcow2/j.xml cannot be written: ENOTDIR'),
        expect.stringContaining('g.qcow2/console.log cannot be written: ENOTDIR'),
      ]),
    })
    server.close()
  })

  it.skipIf(process.getuid?.() === 0)('refuses a directory that one may not write to', async () => {
    await mkdir(at('closed'))
    await chmod(at('closed'), 0o500)

    await expect(check({ junitFile: at('closed/j.xml') })).rejects.toMatchObject({ why: /EACCES/ })
  })
})

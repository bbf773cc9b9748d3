import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { lstat, mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findTool } from '../../../src/host/find-tool.js'
import { runTool } from '../../../src/host/run-tool.js'
import { copyOfPlugin, type PluginCopy } from './host-script.js'
import { aScratchGuest, type ScratchGuest } from './scratch-guest.js'

const PLUGIN = 'pre-stage/05-readonly-data'
const POST = `${PLUGIN}/post-stage/guest_run.sh`
const CLOSER = 'cloud-init/guest/read-only.sh'
const LIST = '/etc/cvm-image-rewriter/read-only'
const ODD = '/opt/a@b & \'c\' "d" $(e) 100% \\n|x'

const CAN_SET_FLAGS = await canSetFlags()

describe('05-readonly-data on the host', () => {
  it('does nothing without a path, and says so', async () => {
    await using plugin = await copyOfPlugin(PLUGIN)
    await writeFile(join(plugin.dir, 'file_list'), '# only a comment\n\n  \n')

    expect(await plugin.run({ CVM_READONLY_FILES: '' })).toEqual({
      exitCode: 0,
      said: 'no path in CVM_READONLY_FILES, none in file_list: nothing to do\n',
    })
    expect(existsSync(join(plugin.dir, 'files'))).toBe(false)
  })

  it('takes the paths of file_list and of the option together, each once', async () => {
    await using plugin = await copyOfPlugin(PLUGIN)
    await writeFile(join(plugin.dir, 'file_list'), '# keys\n\n /opt/keys/ \r\n/opt//data\n/opt/last')

    const { exitCode, said } = await plugin.run({ CVM_READONLY_FILES: '/opt/data\n/srv/with # sign' })

    expect(said).toBe('4 paths will be read-only by chattr\n')
    expect(exitCode).toBe(0)
    expect(await wanted(plugin)).toEqual(['/opt/data', '/opt/keys', '/opt/last', '/srv/with # sign'])
  })

  it('D42: takes @, &, blanks, quotes and whatever else for parts of a name', async () => {
    await using plugin = await copyOfPlugin(PLUGIN)
    const name = fc
      .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 })
      .filter((text) => !text.includes('/') && !/[ \\]$/.test(text) && !/^\.{1,2}$/.test(text))

    await fc.assert(
      fc.asyncProperty(name, async (text) => {
        const path = `/opt/x ${text}`
        for (const env of [{ CVM_READONLY_FILES: path }, {}]) {
          await writeFile(join(plugin.dir, 'file_list'), 'CVM_READONLY_FILES' in env ? '' : path)

          expect(await plugin.run(env)).toMatchObject({ exitCode: 0 })
          expect(await wanted(plugin)).toEqual([path])
        }
      }),
      { numRuns: 25, examples: [['a@b'], ['a&b'], ['\\1'], ['"'], ["'"], ['$(touch y)'], ['*']] },
    )
    expect(existsSync(join(plugin.dir, 'y'))).toBe(false)
  })

  it.each([
    ['opt/data', 'not an absolute path'],
    ['/opt/../etc/shadow', 'has . or .. in it'],
    ['/', 'a later rewrite'],
    ['/etc/', 'a later rewrite'],
    ['//var/lib', 'a later rewrite'],
    ['/etc/cvm-image-rewriter/read-only', 'a later rewrite'],
    ['/run/secrets', 'not part of the image'],
    ['/opt/\u0007', 'has a control character'],
    ['/opt/back\\', 'ends with a blank or a backslash'],
  ])('refuses %j with the line in which it stands', async (path, why) => {
    await using plugin = await copyOfPlugin(PLUGIN)
    await writeFile(join(plugin.dir, 'file_list'), `# one\n/opt/good\n${path}\n`)

    const { exitCode, said } = await plugin.run({})

    expect(exitCode).toBe(1)
    expect(said).toMatch(/^file_list:3: .*\n$/)
    expect(said).toContain(why)
    expect(existsSync(join(plugin.dir, 'files'))).toBe(false)
  })

  it('refuses a mode that it does not know', async () => {
    await using plugin = await copyOfPlugin(PLUGIN)

    const { exitCode, said } = await plugin.run({ CVM_READONLY_FILES: '/opt/x', CVM_READONLY_MODE: 'chmod' })

    expect({ exitCode, said }).toEqual({ exitCode: 1, said: 'CVM_READONLY_MODE: must be chattr or bind\n' })
  })
})

describe('05-readonly-data in the guest', () => {
  it.each([
    ['is not in the guest', async () => {}],
    ['is a link; name what it leads to', async (guest: ScratchGuest) => await symlink('real', guest.at('/opt/gone'))],
    [
      'is neither a file nor a directory',
      async (guest: ScratchGuest) => void execFileSync('mkfifo', [guest.at('/opt/gone')]),
    ],
  ])('D43: fails, and changes nothing, when a path %s', async (what, make) => {
    await using guest = await aScratchGuest()
    await guest.write('/opt/there', '')
    await guest.write(`${LIST}.wanted`, '/opt/there\n/opt/gone\n')
    await make(guest)

    const { exitCode, said } = await guest.run(POST)

    expect(exitCode).toBe(1)
    expect(said).toContain(`/opt/gone ${what}`)
    expect(existsSync(guest.at(LIST))).toBe(false)
  })

  it('D42: writes down how each path is protected, whatever is in its name', async () => {
    await using guest = await aScratchGuest()
    await guest.write(ODD, '')
    await guest.write(`${LIST}.wanted`, `${ODD}\n`)

    expect(await guest.run(POST, { env: { CVM_READONLY_MODE: 'chattr' } })).toEqual({ exitCode: 0, said: '' })

    expect(await guest.read(LIST)).toBe(`chattr\t${ODD}\n`)
    expect(existsSync(guest.at(`${LIST}.wanted`))).toBe(false)
  })

  it('makes a mount unit that systemd takes, and takes away those of an earlier rewrite', async () => {
    await using guest = await aScratchGuest()
    for (const path of [ODD, '/opt/dir/file', '/opt/old']) await guest.write(path, '')
    const env = { CVM_READONLY_MODE: 'bind' }
    await guest.write(`${LIST}.wanted`, '/opt/old\n')
    await guest.run(POST, { env })
    expect(existsSync(guest.at('/etc/systemd/system/opt-old.mount'))).toBe(true)
    await guest.write(`${LIST}.wanted`, `${ODD}\n/opt/dir\n`)

    const { exitCode, said } = await guest.run(POST, { env })

    expect(said).toBe('note: 2 paths are mounted read-only at every boot\n')
    expect(exitCode).toBe(0)
    expect(existsSync(guest.at('/etc/systemd/system/opt-old.mount'))).toBe(false)
    await expect(lstat(guest.at('/etc/systemd/system/local-fs.target.requires/opt-old.mount'))).rejects.toThrow()
    expect(await guest.read('/etc/systemd/system/opt-dir.mount')).toContain(
      '\n[Mount]\nWhat=/opt/dir\nWhere=/opt/dir\nType=none\nOptions=bind,ro\n',
    )
    expect(await readlink(guest.at('/etc/systemd/system/local-fs.target.requires/opt-dir.mount'))).toBe(
      '/etc/systemd/system/opt-dir.mount',
    )
    const unit = (await runTool({ tool: 'systemd-escape', args: ['--path', '--suffix=mount', ODD] })).stdout.trim()
    expect(await guest.read(`/etc/systemd/system/${unit}`)).toContain(`\nWhere=${ODD.replace('%', '%%')}\n`)
    const verified = await runTool({
      tool: 'systemd-analyze',
      args: ['verify', guest.at(`/etc/systemd/system/${unit}`)],
    })
    expect(verified.stderr).not.toMatch(/\.mount:|Failed|not match/)
  })

  it('keeps what an earlier rewrite made read-only when it is given nothing, and says so', async () => {
    await using guest = await aScratchGuest()
    await guest.write(LIST, 'chattr\t/opt/x\n')

    const { said } = await guest.run(POST)

    expect(said).toBe('note: what an earlier rewrite has made read-only stays so: 1 paths\n')
    expect(await guest.read(LIST)).toBe('chattr\t/opt/x\n')
  })
})

describe('the end of a run that made files read-only', () => {
  it.skipIf(!CAN_SET_FLAGS)(
    'D41: protects files and directories with their modes as they were, and a later rewrite opens them (needs root and ext4)',
    async () => {
      await using guest = await aScratchGuest()
      await guest.write('/opt/dir/program', '', 0o755)
      await guest.write('/opt/dir/sub/secret', '', 0o600)
      await guest.write(ODD, '')
      await guest.write('/opt/linked', '')
      await symlink('../linked', guest.at('/opt/dir/link'))
      await guest.write(LIST, `chattr\t/opt/dir\nchattr\t${ODD}\n`)

      const closed = await guest.run(CLOSER, { args: ['close'] })
      const writes = await Promise.all(
        ['/opt/dir/program', '/opt/dir/sub/secret', '/opt/dir/new', ODD, '/opt/linked'].map((path) =>
          writeFile(guest.at(path), 'x').then(
            () => 'written',
            (error: NodeJS.ErrnoException) => error.code,
          ),
        ),
      )
      const modes = await Promise.all(
        ['/opt/dir/program', '/opt/dir/sub/secret'].map(async (path) => (await stat(guest.at(path))).mode & 0o777),
      )
      const opened = await guest.run(CLOSER, { args: ['open'] })

      expect(closed).toEqual({
        exitCode: 0,
        said: 'note: 5 files and directories have the flag that nobody can write or remove them (read back)\n',
      })
      expect(writes).toEqual(['EPERM', 'EPERM', 'EPERM', 'EPERM', 'written'])
      expect(modes).toEqual([0o755, 0o600])
      expect(opened).toEqual({ exitCode: 0, said: '' })
      await writeFile(guest.at('/opt/dir/new'), 'x')
    },
  )

  it.each([
    ['a path is gone by then', '/opt/gone', {}, '/opt/gone is to be read-only, and is no file or directory any more\n'],
    [
      'the file system has no such flag',
      '/opt/x',
      { stat: 'echo msdos' },
      '/opt/x is on a file system (msdos) without the flag of chattr +i; a read-only mount works there: see 05-readonly-data\n',
    ],
    [
      'the flag does not stay',
      '/opt/x',
      { stat: 'echo ext2/ext3', chattr: 'true' },
      '/opt/x: only 0 of 1 files and directories have the flag of chattr +i\n',
    ],
  ])('D43: fails when %s', async (_, path, programs, words) => {
    await using guest = await aScratchGuest(programs)
    await guest.write('/opt/x', '')
    await guest.write(LIST, `chattr\t${path}\n`)

    expect(await guest.run(CLOSER, { args: ['close'] })).toEqual({ exitCode: 1, said: words })
  })

  it('leaves mounts to the boot, and opens those that are there', async () => {
    await using guest = await aScratchGuest({ mountpoint: '[ "${2##*/}" = there ]', umount: 'echo "umount ${1##*/}"' })
    await mkdir(guest.at('/opt'))
    await guest.write(LIST, 'bind\t/opt/there\nbind\t/opt/not\n')

    expect(await guest.run(CLOSER, { args: ['close'] })).toEqual({ exitCode: 0, said: '' })
    expect(await guest.run(CLOSER, { args: ['open'] })).toEqual({ exitCode: 0, said: 'umount there\n' })
  })
})

async function wanted(plugin: PluginCopy): Promise<readonly string[]> {
  return (await readFile(join(plugin.dir, `files${LIST}.wanted`), 'utf8')).split('\n').slice(0, -1)
}

async function canSetFlags(): Promise<boolean> {
  if (process.getuid?.() !== 0 || (await findTool('chattr')) === undefined) return false
  await using guest = await aScratchGuest()
  const { stdout } = await runTool({ tool: 'stat', args: ['-f', '-c', '%T', guest.root] })
  return stdout.trim() === 'ext2/ext3'
}

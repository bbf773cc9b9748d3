import {
  chmod,
  chown,
  lchown,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runTool } from '../../../src/host/run-tool.js'

const HOOK = new URL('../../../cloud-init/guest/initrd-hook.sh', import.meta.url).pathname

describe('the hook of initramfs-tools', () => {
  it('D59: has the stanza that says that it needs nothing before it', async () => {
    const { exitCode, stdout, stderr } = await runTool({ tool: 'sh', args: [HOOK, 'prereqs'] })

    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  })

  it('D59: takes directories and links, not only files, keeps modes, and brings the libraries of programs', async () => {
    await using guest = await aGuest()
    await mkdir(guest.at('keys'), { mode: 0o700 })
    await writeFile(guest.at('keys/a key'), 'secret')
    await chmod(guest.at('keys/a key'), 0o600)
    await symlink('a key', guest.at('keys/link'))
    await mkdir(guest.at('none'), { mode: 0o750 })
    await writeFile(guest.at('program'), '\u007fELF...')

    const { exitCode } = await guest.hook({ files: ['keys', 'keys/a key', 'keys/link', 'none', 'program'] })

    expect(exitCode).toBe(0)
    expect(await Promise.all(['keys', 'keys/a key', 'none'].map(guest.modeInInitrd))).toEqual(['700', '600', '750'])
    expect(await readlink(guest.initrd('keys/link'))).toBe('a key')
    expect(await readFile(guest.initrd('keys/a key'), 'utf8')).toBe('secret')
    expect(await guest.calls()).toEqual([
      `copy_exec ${guest.at('program')} ${guest.at('program')}`,
      'manual_add_modules',
    ])
  })

  it('gives directories above a file the mode that they have in the system, and leaves those that the initrd has', async () => {
    await using guest = await aGuest()
    await mkdir(guest.at('narrow/one'), { recursive: true })
    await chmod(guest.at('narrow'), 0o710)
    await writeFile(guest.at('narrow/one/key'), 'x')
    await mkdir(guest.at('there'), { mode: 0o700 })
    await mkdir(guest.initrd('there'), { recursive: true })
    await chmod(guest.initrd('there'), 0o755)

    expect((await guest.hook({ files: ['narrow/one/key', 'there'] })).exitCode).toBe(0)
    expect(await Promise.all(['narrow', 'there'].map(guest.modeInInitrd))).toEqual(['710', '755'])
  })

  it.skipIf(process.getuid?.() !== 0)('D59: keeps owners, also of directories above a file (needs root)', async () => {
    await using guest = await aGuest()
    await mkdir(guest.at('keys'))
    await writeFile(guest.at('keys/a'), 'x')
    await symlink('a', guest.at('keys/link'))
    await chown(guest.at('keys'), 4001, 4002)
    await chown(guest.at('keys/a'), 4003, 4004)
    await lchown(guest.at('keys/link'), 4005, 4006)

    await guest.hook({ files: ['keys/a', 'keys/link'] })

    const owner = async (path: string) => {
      const { uid, gid } = await lstat(guest.initrd(path))
      return [uid, gid]
    }
    expect(await owner('keys')).toEqual([4001, 4002])
    expect(await owner('keys/a')).toEqual([4003, 4004])
    expect(await owner('keys/link')).toEqual([4005, 4006])
  })

  it('adds the modules, loads those to be loaded, and adds the programs', async () => {
    await using guest = await aGuest()

    const { exitCode } = await guest.hook({
      modules: ['tdx_guest', 'sev_guest'],
      load: ['vsock', 'dm_mod'],
      binaries: ['lsblk'],
    })

    expect(exitCode).toBe(0)
    expect(await guest.calls()).toEqual([
      `copy_exec ${guest.at('lsblk')} ${guest.at('lsblk')}`,
      'force_load vsock',
      'force_load dm_mod',
      'manual_add_modules tdx_guest sev_guest',
    ])
  })

  it('replaces a link that the initrd has at the place of a file, and does not write through it', async () => {
    await using guest = await aGuest()
    await writeFile(guest.at('file'), 'new')
    await writeFile(guest.at('victim'), 'untouched')
    await mkdir(guest.initrd(''), { recursive: true })
    await symlink(guest.at('victim'), guest.initrd('file'))

    expect((await guest.hook({ files: ['file'] })).exitCode).toBe(0)
    expect(await readFile(guest.at('victim'), 'utf8')).toBe('untouched')
    expect((await lstat(guest.initrd('file'))).isFile()).toBe(true)
  })

  it('fails where a directory of the initrd is a link into the running system', async () => {
    await using guest = await aGuest()
    for (const dir of ['dir', 'outside']) await mkdir(guest.at(dir))
    await writeFile(guest.at('dir/file'), 'x')
    await mkdir(guest.initrd(''), { recursive: true })
    await symlink(guest.at('outside'), guest.initrd('dir'))

    const { exitCode, stderr } = await guest.hook({ files: ['dir/file'] })

    expect(exitCode).toBe(1)
    expect(stderr).toBe(`cvm-image-rewriter: ${guest.at('dir/file')} cannot be put into the initrd\n`)
    await expect(lstat(guest.at('outside/file'))).rejects.toThrow('ENOENT')
  })

  it.each([
    ['a file of the list is not there', { files: ['gone'] }, 'gone'],
    ['a program cannot be copied', { binaries: ['fails'] }, 'fails'],
  ])('fails when %s, and names it', async (_, lists, name) => {
    await using guest = await aGuest()

    const { exitCode, stderr } = await guest.hook(lists)

    expect(exitCode).toBe(1)
    expect(stderr).toContain(`cvm-image-rewriter: ${guest.at(name)} cannot be put into the initrd\n`)
  })
})

type Lists = Readonly<Partial<Record<'files' | 'modules' | 'load' | 'binaries', readonly string[]>>>

/** The hook with the two paths that it reads changed to ones below a temporary directory, and functions that write down their calls. */
async function aGuest() {
  const top = await mkdtemp(join(tmpdir(), 'initrd-hook-'))
  const [root, destDir, calls] = [join(top, 'root'), join(top, 'initrd'), join(top, 'calls')]
  for (const dir of [root, destDir, join(top, 'lists')]) await mkdir(dir)
  const functions = ['copy_exec', 'force_load', 'manual_add_modules'].map(
    (name) => `${name}() { echo ${name} "$@" >>'${calls}'; case $1 in */fails) return 1 ;; esac; }\n`,
  )
  await writeFile(join(top, 'hook-functions'), functions.join(''))
  const text = await readFile(HOOK, 'utf8')
  await writeFile(
    join(top, 'hook'),
    text
      .replace('/usr/share/initramfs-tools/hook-functions', join(top, 'hook-functions'))
      .replace('/usr/share/cvm-image-rewriter/initrd', join(top, 'lists')),
  )
  const initrd = (path: string) => join(`${destDir}${root}`, path)
  return {
    at: (path: string) => join(root, path),
    initrd,
    modeInInitrd: async (path: string) => ((await lstat(initrd(path))).mode & 0o777).toString(8),
    calls: async () => (await readFile(calls, 'utf8')).split('\n').slice(0, -1),
    /** Files and programs relative to the root. */
    hook: async ({ files = [], modules = [], load = [], binaries = [] }: Lists) => {
      const below = (names: readonly string[]) => names.map((name) => `${root}/${name}`)
      for (const [name, lines] of Object.entries({ files: below(files), modules, load, binaries: below(binaries) }))
        await writeFile(join(top, 'lists', name), lines.map((line) => `${line}\n`).join(''))
      return await runTool({
        tool: 'sh',
        args: ['-c', 'DESTDIR=$1; export DESTDIR; exec sh "$2"', 'sh', destDir, join(top, 'hook')],
      })
    },
    [Symbol.asyncDispose]: () => rm(top, { recursive: true }),
  }
}

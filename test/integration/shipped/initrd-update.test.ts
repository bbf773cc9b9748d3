import { chmod, lstat, mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runTool } from '../../../src/host/run-tool.js'
import { copyOfPlugin } from './host-script.js'

const PLUGIN = 'pre-stage/60-initrd-update'
const LIST = 'files/usr/share/cvm-image-rewriter/initrd-files'

describe('60-initrd-update on the host', () => {
  it('ships without files and then says that there is nothing to do', async () => {
    await using plugin = await copyOfPlugin(PLUGIN)

    const { exitCode, said } = await plugin.run({})

    expect(exitCode).toBe(0)
    expect(said).toBe('no files/ here: nothing to do\n')
    await expect(stat(join(plugin.dir, 'files'))).rejects.toThrow('ENOENT')
  })

  it('lists files, links and directories, not its own list and hook, and installs the hook', async () => {
    await using plugin = await copyOfPlugin(PLUGIN)
    await mkdir(join(plugin.dir, 'files/etc/empty one'), { recursive: true })
    await writeFile(join(plugin.dir, 'files/etc/a key'), 'x')
    await symlink('a key', join(plugin.dir, 'files/etc/link'))

    const { exitCode } = await plugin.run({})

    expect(exitCode).toBe(0)
    expect((await readFile(join(plugin.dir, LIST), 'utf8')).split('\n')).toEqual([
      '/etc',
      '/etc/a key',
      '/etc/empty one',
      '/etc/link',
      '',
    ])
    const hook = await stat(join(plugin.dir, 'files/etc/initramfs-tools/hooks/cvm-initrd-files'))
    expect(hook.mode & 0o777).toBe(0o755)
  })

  it('refuses a name with a line break', async () => {
    await using plugin = await copyOfPlugin(PLUGIN)
    await mkdir(join(plugin.dir, 'files'))
    await writeFile(join(plugin.dir, 'files/two\nlines'), 'x')

    const { exitCode, said } = await plugin.run({})

    expect(exitCode).toBe(1)
    expect(said).toContain('line break')
  })
})

describe('the hook that it gives to initramfs-tools', () => {
  it('needs nothing before it', async () => {
    const { exitCode, stdout } = await runTool({
      tool: 'sh',
      args: [new URL(`../../../${PLUGIN}/initramfs-tools-hook.sh`, import.meta.url).pathname, 'prereqs'],
    })

    expect(exitCode).toBe(0)
    expect(stdout).toBe('')
  })

  it('keeps modes, links and empty directories, and brings the libraries of programs', async () => {
    await using guest = await aGuest()
    const from = guest.root
    await mkdir(join(from, 'keys'), { mode: 0o700 })
    await writeFile(join(from, 'keys/a key'), 'secret')
    await chmod(join(from, 'keys/a key'), 0o600)
    await symlink('a key', join(from, 'keys/link'))
    await mkdir(join(from, 'none'), { mode: 0o750 })
    await writeFile(join(from, 'program'), '\u007fELF...')

    const { exitCode } = await guest.hook(['keys', 'keys/a key', 'keys/link', 'none', 'program'])

    expect(exitCode).toBe(0)
    const mode = async (path: string) => ((await lstat(guest.initrd(path))).mode & 0o777).toString(8)
    expect([await mode('keys'), await mode('keys/a key'), await mode('none')]).toEqual(['700', '600', '750'])
    expect(await readlink(guest.initrd('keys/link'))).toBe('a key')
    expect(await readFile(guest.initrd('keys/a key'), 'utf8')).toBe('secret')
    expect(await guest.copyExecCalls()).toBe(`${from}/program\n`)
  })

  it('fails when a file of the list is not there', async () => {
    await using guest = await aGuest()

    const { exitCode } = await guest.hook(['gone'])

    expect(exitCode).not.toBe(0)
  })
})

/** The hook with the two paths it reads changed to ones below a temporary directory. */
async function aGuest() {
  const plugin = await copyOfPlugin(PLUGIN)
  const root = join(plugin.scratch, 'root')
  const destDir = join(plugin.scratch, 'initrd')
  const calls = join(plugin.scratch, 'calls')
  await mkdir(root)
  await mkdir(destDir)
  await writeFile(calls, '')
  const functions = join(plugin.scratch, 'hook-functions')
  await writeFile(functions, `copy_exec() { echo "$1" >>'${calls}'; }\n`)
  const list = join(plugin.scratch, 'list')
  const hook = join(plugin.scratch, 'hook')
  const text = await readFile(join(plugin.dir, 'initramfs-tools-hook.sh'), 'utf8')
  await writeFile(
    hook,
    text
      .replace('/usr/share/initramfs-tools/hook-functions', functions)
      .replace('/usr/share/cvm-image-rewriter/initrd-files', list),
  )
  return {
    root,
    initrd: (path: string) => join(`${destDir}${root}`, path),
    copyExecCalls: () => readFile(calls, 'utf8'),
    hook: async (names: readonly string[]) => {
      await writeFile(list, names.map((name) => `${root}/${name}\n`).join(''))
      return await runTool({
        tool: 'sh',
        args: ['-c', 'DESTDIR=$1; export DESTDIR; exec sh "$2"', 'sh', destDir, hook],
      })
    },
    [Symbol.asyncDispose]: () => plugin[Symbol.asyncDispose](),
  }
}

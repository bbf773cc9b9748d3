import { stat } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { initrdWishesText } from '../../../src/guest/initrd-wishes.js'
import { pathMatcher } from '../../../src/model/path-pattern.js'
import { anInitrdGuest, STATE } from './initrd-guest.js'

const LISTS = 'usr/share/cvm-image-rewriter/initrd'
const HOOK_FUNCTIONS = 'usr/share/initramfs-tools/hook-functions'
const DRACUT_CONF = 'etc/dracut.conf.d/zz-cvm-image-rewriter.conf'

describe('initrd-settings.sh in a guest with initramfs-tools', () => {
  it('writes the lists, each word once, and the hook that reads them', async () => {
    await using guest = await anInitrdGuest()
    await guest.has({
      [HOOK_FUNCTIONS]: '',
      'etc/a key': 'x',
      'usr/bin/lsblk': 'x',
      [`${LISTS}/of-an-earlier-run`]: 'x',
    })
    await guest.wishes([
      ['file', '/etc/a key'],
      ['file', '/etc/a key'],
      ['module', 'tdx_guest'],
      ['load', 'vsock'],
      ['binary', '/usr/bin/lsblk'],
    ])

    expect(await guest.settings()).toEqual({ exitCode: 0, said: '' })

    const lists = ['files', 'modules', 'load', 'binaries'].map((name) => guest.read(`${LISTS}/${name}`))
    expect(await Promise.all(lists)).toEqual(['/etc/a key\n', 'tdx_guest\n', 'vsock\n', '/usr/bin/lsblk\n'])
    await expect(stat(guest.at(`${LISTS}/of-an-earlier-run`))).rejects.toThrow('ENOENT')
    const hook = await stat(guest.at('etc/initramfs-tools/hooks/cvm-image-rewriter'))
    expect(hook.mode & 0o777).toBe(0o755)
    expect(await guest.read('etc/initramfs-tools/hooks/cvm-image-rewriter')).toContain('manual_add_modules')
  })

  it('asks for a rebuild although hook and lists are as they were: what they name may have changed', async () => {
    await using guest = await anInitrdGuest()
    await guest.has({ [HOOK_FUNCTIONS]: '', 'etc/key': 'old' })
    await guest.wishes([['file', '/etc/key']])

    await guest.settings()

    expect((await stat(guest.at(`${STATE}/rebuild-initrds`))).isFile()).toBe(true)
  })

  it('fills in patterns with files, links and directories of the guest, as the host would', async () => {
    await using guest = await anInitrdGuest()
    const paths = ['opt/.hidden', 'opt/a', 'opt/ab', 'opt/a b.pem', 'opt/é', 'opt/d/a', 'opt/d/e/a.pem', 'usr/lib/x/y']
    await guest.has(Object.fromEntries(paths.map((path) => [path, 'x'])))
    await guest.has({ [HOOK_FUNCTIONS]: '', lib: { to: 'usr/lib' }, 'opt/link': { to: 'd' }, 'opt/empty/': '' })
    const there = [...paths, 'lib/x', 'lib/x/y', 'opt', 'opt/d', 'opt/d/e', 'opt/link', 'opt/empty'].map(
      (path) => `/${path}`,
    )
    for (const pattern of [
      '/opt/*',
      '/opt/?',
      '/opt/**',
      '/opt/**/a',
      '/opt/*.pem',
      '/opt/**/*.pem',
      '/lib/*/y',
      '/opt/d/**/**',
    ]) {
      const plan = {
        files: [],
        modules: [],
        load: [],
        binaries: [],
        guestFiles: [{ word: pattern, plugins: ['20-x'] }],
      }
      await guest.has({ [`${STATE}/initrd-wishes`]: initrdWishesText(plan) })

      expect(await guest.settings()).toEqual({ exitCode: 0, said: '' })

      const found = (await guest.read(`${LISTS}/files`)).split('\n').slice(0, -1)
      const expected = there.filter(pathMatcher(pattern))
      expect(expected.length, pattern).toBeGreaterThan(0)
      expect(found, pattern).toEqual(expected.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    }
  })

  it('says that a pattern matches nothing, and goes on', async () => {
    await using guest = await anInitrdGuest()
    await guest.has({ [HOOK_FUNCTIONS]: '', 'etc/': '' })
    await guest.wishes([
      ['pattern', '/etc/*.pem', '/etc', '/etc/[^/]*\\.pem'],
      ['pattern', '/opt/*', '/opt', '/opt/[^/]*'],
    ])

    expect(await guest.settings()).toEqual({
      exitCode: 0,
      said: [
        'note: the guest has no file like /etc/*.pem, which 20-x asks for in the initrd\n',
        'note: the guest has no file like /opt/*, which 20-x asks for in the initrd\n',
      ].join(''),
    })
  })

  it('refuses a name of the guest with a line break', async () => {
    await using guest = await anInitrdGuest()
    await guest.has({ [HOOK_FUNCTIONS]: '', 'etc/two\nlines': 'x' })
    await guest.wishes([['pattern', '/etc/*', '/etc', '/etc/[^/]*']])

    const { exitCode, said } = await guest.settings()

    expect(exitCode).toBe(1)
    expect(said).toBe(
      'a file like /etc/*, which 20-x asks for in the initrd, has a line break or a tab in its name: no list can hold it\n',
    )
  })

  it('names every file, program and module that the guest has not, before anything is rebuilt', async () => {
    await using guest = await anInitrdGuest()
    await guest.has({
      [HOOK_FUNCTIONS]: '',
      'boot/vmlinuz-6.12.1': '',
      'lib/modules/6.12.1/known': 'tdx_guest /lib/modules/6.12.1/kernel/tdx-guest.ko.xz\n',
      'lib/modules/6.12.1/modules.builtin': 'kernel/net/vmw-vsock.ko\n',
      'boot/vmlinuz-6.1.9': '',
      'lib/modules/6.1.9/known': '',
      'lib/modules/6.1.9/modules.builtin': 'kernel/net/vmw-vsock.ko\n',
      // Not a kernel that an initrd is made for.
      'boot/vmlinuz-0-rescue-1234': '',
    })
    await guest.wishes([
      ['file', '/etc/gone'],
      ['binary', '/usr/bin/gone'],
      ['module', 'tdx_guest'],
      ['load', 'vmw_vsock'],
    ])

    expect(await guest.settings()).toEqual({
      exitCode: 1,
      said: [
        'the guest has no /etc/gone, which 20-x asks for in the initrd\n',
        'the guest has no program /usr/bin/gone, which 20-x asks for in the initrd\n',
        'kernel 6.1.9 has no module tdx_guest, which 20-x asks for in the initrd\n',
      ].join(''),
    })
  })
})

describe('initrd-settings.sh in a guest with dracut', () => {
  it('D59: writes a configuration that dracut reads last, and adds to what others say', async () => {
    await using guest = await anInitrdGuest()
    await guest.program('dracut', 'true')
    await guest.has({ 'etc/key': 'x', 'usr/bin/lsblk': 'x' })
    await guest.wishes([
      ['file', '/etc/key'],
      ['binary', '/usr/bin/lsblk'],
      ['module', 'tdx_guest'],
      ['module', 'sev_guest'],
      ['load', 'vsock'],
    ])

    expect(await guest.settings()).toEqual({ exitCode: 0, said: '' })

    expect((await guest.read(DRACUT_CONF)).split('\n').slice(1)).toEqual([
      'install_items+=" /etc/key /usr/bin/lsblk  "',
      'add_drivers+=" tdx_guest sev_guest  "',
      'force_drivers+=" vsock  "',
      '',
    ])
    await expect(stat(guest.at('etc/initramfs-tools'))).rejects.toThrow('ENOENT')
  })

  it('takes it for dracut although an update-initramfs is there: that of some distributions brings one', async () => {
    await using guest = await anInitrdGuest()
    await guest.program('dracut', 'true')
    await guest.program('update-initramfs', 'true')
    await guest.has({ 'etc/key': 'x' })
    await guest.wishes([['file', '/etc/key']])

    expect(await guest.settings()).toEqual({ exitCode: 0, said: '' })
    expect(await guest.read(DRACUT_CONF)).toContain('install_items+=" /etc/key  "\n')
  })

  it('refuses links that lead nowhere, which dracut leaves out', async () => {
    await using guest = await anInitrdGuest()
    await guest.program('dracut', 'true')
    await guest.has({ 'etc/good': { to: 'key' }, 'etc/bad': { to: 'gone' }, 'etc/key': 'x' })
    await guest.wishes([
      ['file', '/etc/bad'],
      ['file', '/etc/good'],
    ])

    expect(await guest.settings()).toEqual({
      exitCode: 1,
      said: '/etc/bad\ndracut cannot take these links, because they lead nowhere in the guest\n',
    })
  })

  it.each(['/etc/a key', '/etc/$HOME', '/etc/a*', '/etc/[a]', '/etc/`id`', '/etc/"', '/etc/\\', '/etc/@(a)'])(
    'refuses the name %s, which its shell would take for something else',
    async (path) => {
      await using guest = await anInitrdGuest()
      await guest.program('dracut', 'true')
      await guest.has({ [path]: 'x' })
      await guest.wishes([['file', path]])

      expect(await guest.settings()).toEqual({
        exitCode: 1,
        said: `${path}\ndracut cannot take these file names, because of spaces or signs that a shell knows\n`,
      })
      await expect(stat(guest.at(DRACUT_CONF))).rejects.toThrow('ENOENT')
    },
  )
})

it('initrd-settings.sh fails in a guest with neither initramfs-tools nor dracut', async () => {
  await using guest = await anInitrdGuest()
  await guest.wishes([])

  expect(await guest.settings()).toEqual({
    exitCode: 1,
    said: 'this guest has neither initramfs-tools nor dracut to make its initrd with\n',
  })
})

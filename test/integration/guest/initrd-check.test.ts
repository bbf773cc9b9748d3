import { rm } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { anInitrdGuest, type InitrdGuest, STATE } from './initrd-guest.js'

const KERNEL = '6.12.1'
const MODULES = `lib/modules/${KERNEL}`

describe('initrd-check.sh', () => {
  it('finds files, programs and modules in every initrd, and says how many', async () => {
    await using guest = await aGuest()
    await guest.has({
      'boot/vmlinuz-6.1.9': '',
      'lib/modules/6.1.9/modules.builtin': 'kernel/a/sev-guest.ko\nkernel/a/dm-crypt.ko\n',
    })
    await guest.has({
      'boot/initrd.img-6.1.9': listing(['usr/lib/key', 'etc/a key', 'usr/bin/lsblk', 'usr/lib/libc.so.6']),
    })
    await asks(guest, ['file', '/etc/a key'], ['file', '/lib/key'], ['binary', '/bin/lsblk'], ['module', 'dm_crypt'])

    expect(await guest.check()).toEqual({
      exitCode: 0,
      said: 'note: 2 files and directories, 1 kernel module, 1 program in the initrd (read back from 2)\n',
    })
  })

  it('lists each initrd once', async () => {
    await using guest = await aGuest()
    await guest.program('lsinitramfs', `echo "$1" >>${guest.at('calls')}; cat "$1"`)
    await asks(guest, ['file', '/etc/a key'], ['module', 'dm_crypt'], ['load', 'dm_mod'])

    expect((await guest.check()).exitCode).toBe(0)
    expect(await guest.read('calls')).toBe(`${guest.at(`boot/initrd.img-${KERNEL}`)}\n`)
  })

  it.each([
    ['a file', ['file', '/etc/gone'], '/boot/initrd.img-6.12.1 has not /etc/gone, which 20-x asks for'],
    ['a program', ['binary', '/usr/bin/gone'], '/boot/initrd.img-6.12.1 has not /usr/bin/gone, which 20-x asks for'],
    [
      'a module that the kernel has',
      ['module', 'vsock'],
      '/boot/initrd.img-6.12.1 has not the module vsock of kernel 6.12.1, which 20-x asks for',
    ],
    [
      'a module that the kernel has not',
      ['load', 'tdx_guest'],
      'kernel 6.12.1 has no module tdx_guest, which 20-x asks for',
    ],
    [
      'a module that another one needs',
      ['module', 'needy'],
      '/boot/initrd.img-6.12.1 has not the module vsock of kernel 6.12.1, which needy needs; 20-x asks for that',
    ],
  ] as const)('fails when an initrd lacks %s', async (_, wish, expected) => {
    await using guest = await aGuest()
    await asks(guest, ['file', '/etc/a key'], wish)

    expect(await guest.check()).toEqual({ exitCode: 1, said: `${expected}\n` })
  })

  it.each([
    ['libgone.so.1 => /lib/libgone.so.1 (0x00007f)', '/lib/libgone.so.1'],
    ['libnone.so.1 => not found', 'libnone.so.1'],
  ])('fails when an initrd lacks a library of a program (%s)', async (line, library) => {
    await using guest = await aGuest()
    await guest.program('ldd', `printf '\\tlinux-vdso.so.1 (0x7ff)\\n\\t${line}\\n\\t/lib64/ld-linux.so.2 (0x7f)\\n'`)
    await guest.has({ [`boot/initrd.img-${KERNEL}`]: listing(['usr/bin/lsblk', 'usr/lib64/ld-linux.so.2']) })
    await asks(guest, ['binary', '/usr/bin/lsblk'])

    expect(await guest.check()).toEqual({
      exitCode: 1,
      said: `/boot/initrd.img-6.12.1 has not the library ${library}, which /usr/bin/lsblk needs; 20-x asks for that\n`,
    })
  })

  it('takes a module for there that is built into the kernel, and an alias for the modules behind it', async () => {
    await using guest = await aGuest()
    await guest.has({ [`${MODULES}/known`]: `crypt_alias /${MODULES}/kernel/md/dm-crypt.ko.xz\n` })
    await asks(guest, ['load', 'sev_guest'], ['module', 'crypt_alias'])

    expect((await guest.check()).said).toBe('note: 2 kernel modules in the initrd (read back from 1)\n')
  })

  it('fails for an alias of a module that is not in the initrd', async () => {
    await using guest = await aGuest()
    await guest.has({ [`${MODULES}/known`]: `net_alias /${MODULES}/kernel/net/vsock.ko.xz\n` })
    await asks(guest, ['module', 'net_alias'])

    expect((await guest.check()).exitCode).toBe(1)
  })

  it('fails when nothing would load the modules that are to be loaded', async () => {
    await using guest = await aGuest()
    await guest.has({ [`boot/initrd.img-${KERNEL}`]: listing([`usr/${MODULES}/kernel/md/dm-mod.ko`]) })
    await asks(guest, ['load', 'dm_mod'])

    expect((await guest.check()).said).toBe('/boot/initrd.img-6.12.1 loads no modules: it has no conf/modules\n')
  })

  it('fails for a kernel without an initrd, and leaves out what belongs to no kernel with modules', async () => {
    await using guest = await aGuest()
    await guest.has({
      'boot/vmlinuz-6.1.9': '',
      'lib/modules/6.1.9/': '',
      'boot/vmlinuz-0-rescue-12': '',
      'boot/initramfs-0-rescue-12.img': '',
      'boot/initrd.img-5.10.0': '',
    })
    await asks(guest, ['file', '/etc/a key'])

    expect(await guest.check()).toEqual({ exitCode: 1, said: 'kernel 6.1.9 has no initrd in /boot\n' })
  })

  it('fails when no kernel is there at all', async () => {
    await using guest = await anInitrdGuest()
    await asks(guest)

    expect(await guest.check()).toEqual({ exitCode: 1, said: 'there is no initrd of a kernel in /boot\n' })
  })

  it('fails when an initrd cannot be listed', async () => {
    await using guest = await aGuest()
    await guest.program('lsinitramfs', 'echo broken; exit 1')
    await asks(guest)

    expect(await guest.check()).toEqual({ exitCode: 1, said: '/boot/initrd.img-6.12.1 cannot be listed\n' })
  })
})

describe('initrd-check.sh in a guest with dracut', () => {
  it('reads what lsinitrd prints: lines of ls -l among others', async () => {
    await using guest = await aDracutGuest([
      '-rw-r-----   1 root     root            6 Nov 24 22:00 etc/key',
      'lrwxrwxrwx   1 root     root            3 Nov 24 22:00 etc/link -> key',
      'crw-r--r--   1 root     root       5,   1 Nov 24 22:00 dev/console',
      'drwxr-xr-x   2 root     root            0 Jan  1  1970 etc/empty',
      `-rw-r--r--   1 root     root         9000 Nov 24 22:00 usr/${MODULES}/kernel/md/dm-mod.ko.xz`,
    ])
    await asks(
      guest,
      ['file', '/etc/key'],
      ['file', '/etc/link'],
      ['file', '/dev/console'],
      ['file', '/etc/empty'],
      ['load', 'dm_mod'],
    )

    expect(await guest.check()).toEqual({
      exitCode: 0,
      said: 'note: 4 files and directories, 1 kernel module in the initrd (read back from 1)\n',
    })
  })

  it('finds the initrd where the boot loader specification has it', async () => {
    await using guest = await aDracutGuest([])
    await rm(guest.at(`boot/initramfs-${KERNEL}.img`))
    const line = '-rw-r-----   1 root     root            6 Nov 24 22:00 etc/key\n'
    await guest.has({ [`boot/0123456789abcdef/${KERNEL}/initrd`]: line })
    await asks(guest, ['file', '/etc/key'], ['file', '/etc/other'])

    expect((await guest.check()).said).toBe(
      '/boot/0123456789abcdef/6.12.1/initrd has not /etc/other, which 20-x asks for\n',
    )
  })

  it('finds a file behind a link to its directory, which dracut keeps', async () => {
    await using guest = await aDracutGuest([
      'lrwxrwxrwx   1 root     root            3 Nov 24 22:00 etc/keys -> ../usr/keys',
      '-rw-r-----   1 root     root            6 Nov 24 22:00 usr/keys/a',
    ])
    await guest.has({ 'usr/keys/a': 'x', 'usr/keys/b': 'x', 'etc/keys': { to: '../usr/keys' } })
    await asks(guest, ['file', '/etc/keys/a'], ['file', '/etc/keys/b'])

    expect((await guest.check()).said).toBe('/boot/initramfs-6.12.1.img has not /etc/keys/b, which 20-x asks for\n')
  })

  it('fails for a name that stands only in the lines around the listing, among the modules of dracut', async () => {
    await using guest = await aDracutGuest([])
    await asks(guest, ['file', '/bash'])

    expect((await guest.check()).exitCode).toBe(1)
  })
})

/** A guest with initramfs-tools, one kernel, and an initrd that holds some things; its listing is what stands in the file. */
async function aGuest(): Promise<InitrdGuest> {
  const guest = await anInitrdGuest()
  await guest.program('lsinitramfs', 'cat "$1"')
  await guest.program('ldd', "printf '\\tlibc.so.6 => /lib/libc.so.6 (0x00007f)\\n'")
  await aKernel(guest)
  const modules = ['md/dm-crypt.ko', 'md/dm-mod.ko', 'md/needy.ko.zst'].map((path) => `usr/${MODULES}/kernel/${path}`)
  await guest.has({
    'usr/share/initramfs-tools/hook-functions': '',
    [`boot/initrd.img-${KERNEL}`]: listing([
      ...['bin', 'conf/modules', 'etc', 'etc/a key', 'usr/lib/key', 'usr/bin/lsblk', 'usr/lib/libc.so.6'],
      ...modules,
    ]),
  })
  return guest
}

async function aDracutGuest(lines: readonly string[]): Promise<InitrdGuest> {
  const guest = await anInitrdGuest()
  await aKernel(guest)
  await guest.program('lsinitrd', 'cat "$1"')
  const text = ['Image: x: 30M', '====', 'Arguments: --force', 'dracut modules:', 'bash', ...lines]
  await guest.has({ [`boot/initramfs-${KERNEL}.img`]: listing(text) })
  return guest
}

async function aKernel(guest: InitrdGuest): Promise<void> {
  await guest.has({
    [`boot/vmlinuz-${KERNEL}`]: '',
    [`${MODULES}/known`]: '',
    [`${MODULES}/modules.builtin`]: 'kernel/virt/coco/sev-guest.ko\n',
    [`${MODULES}/modules.dep`]: [
      'kernel/md/dm-crypt.ko.xz: kernel/md/dm-mod.ko.xz',
      'kernel/md/dm-mod.ko.xz:',
      'kernel/net/vsock.ko.xz:',
      'kernel/md/needy.ko.xz: kernel/md/dm-mod.ko.xz kernel/net/vsock.ko.xz',
      '',
    ].join('\n'),
  })
}

async function asks(guest: InitrdGuest, ...lines: readonly (readonly [string, string])[]): Promise<void> {
  await guest.has({ [`${STATE}/initrd-asked`]: lines.map(([kind, word]) => `${kind}\t${word}\t20-x\n`).join('') })
}

function listing(paths: readonly string[]): string {
  return paths.map((path) => `${path}\n`).join('')
}

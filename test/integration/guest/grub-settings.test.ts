import { rm, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { grubGuest } from './grub-guest.js'

const DEBIAN = 'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX=""\n'
const UBUNTU = 'GRUB_CMDLINE_LINUX_DEFAULT="console=tty1 console=ttyS0"\nGRUB_TIMEOUT=0\n'
const OWN = 'etc/default/grub.d/zz-cvm-image-rewriter-01.cfg'

function debian(settings = DEBIAN, more: Readonly<Record<string, string>> = {}) {
  return grubGuest({ dropIns: true, files: { 'etc/default/grub': settings, ...more } })
}

describe('grub-settings.sh and grub-check.sh in a guest whose grub reads drop-ins', () => {
  it('add and remove arguments in every kernel entry, the recovery entry too', async () => {
    await using guest = await debian()

    const { code, entries, said } = await guest.apply({ add: ['cvm.test=1', 'loglevel=4'], remove: ['quiet'] })

    expect({ code, entries }).toEqual({
      code: 0,
      entries: ['cvm.test=1 loglevel=4 ', 'cvm.test=1 loglevel=4 ', 'single cvm.test=1 loglevel=4'],
    })
    expect(said.at(-1)).toBe('note: every kernel entry (3) is as asked: add cvm.test=1, add loglevel=4, remove quiet')
  })

  it('work without a 50-cloudimg-settings.cfg, and make no empty one (D44)', async () => {
    await using guest = await debian()

    const { code } = await guest.apply({ add: ['a=1'] })

    expect(code).toBe(0)
    expect(await guest.list('etc/default/grub.d')).toEqual(['zz-cvm-image-rewriter-01.cfg'])
  })

  it('have the last word over a 50-cloudimg-settings.cfg, which sets the line anew', async () => {
    await using guest = await debian(DEBIAN, { 'etc/default/grub.d/50-cloudimg-settings.cfg': UBUNTU })

    const { code, entries } = await guest.apply({ add: ['ima_hash=sha384'], timeout: 3 })

    expect({ code, entry: entries[0] }).toEqual({ code: 0, entry: 'ima_hash=sha384 console=tty1 console=ttyS0' })
    expect(await guest.read('etc/default/grub.d/50-cloudimg-settings.cfg')).toBe(UBUNTU)
  })

  it('do not add a second time when they run again (D45)', async () => {
    await using guest = await debian()
    const wishes = { add: ['console=hvc0', 'a=1'], remove: ['quiet'], modules: ['tpm'] }

    const once = await guest.apply(wishes)
    const twice = await guest.apply(wishes)

    expect(twice).toEqual(once)
    expect(await guest.list('etc/default/grub.d')).toEqual(['zz-cvm-image-rewriter-01.cfg'])
  })

  it('keep what an earlier rewrite has set, and let a later one change it', async () => {
    await using guest = await debian()
    await guest.apply({ add: ['a=1', 'b=1'] })

    const { code, entries } = await guest.apply({ add: ['b=2'] })

    expect({ code, entry: entries[0] }).toEqual({ code: 0, entry: 'a=1 b=2 quiet' })
    expect(await guest.list('etc/default/grub.d')).toHaveLength(2)
  })

  it('have an argument once that two plugins ask for (D46)', async () => {
    await using guest = await debian()

    const { entries } = await guest.apply({ add: ['ima_template=ima-ng'] }, { add: ['ima_template=ima-ng'] })

    expect(entries[0]?.match(/ima_template/g)).toHaveLength(1)
    expect(await guest.read(OWN)).toContain('# add ima_template=ima-ng: 10-wisher, 11-wisher\n')
  })

  it.each([
    ['a slash', 'GRUB_CMDLINE_LINUX="root=/dev/vda1"', 'root=/dev/vda1 a=1 '],
    ['single quotes around it', "GRUB_CMDLINE_LINUX='b=2 quiet'", 'b=2 a=1 '],
    ['a line that is commented out', '#GRUB_CMDLINE_LINUX="no"\nGRUB_CMDLINE_LINUX="b=2"', 'b=2 a=1 '],
    [
      'a blank between double quotes',
      `GRUB_CMDLINE_LINUX='dyndbg="file x.c  +p" b=2'`,
      'dyndbg="file x.c  +p" b=2 a=1 ',
    ],
    [
      'a word to be removed between quotes',
      `GRUB_CMDLINE_LINUX='dyndbg="say quiet now"'`,
      'dyndbg="say quiet now" a=1 ',
    ],
    ['one quote in the other', `GRUB_CMDLINE_LINUX="x=\\"it's here\\" b=2"`, `x="it's here" b=2 a=1 `],
    ['tabs and line breaks', 'GRUB_CMDLINE_LINUX="b=2\t\tc=3\nd=4"', 'b=2 c=3 d=4 a=1 '],
    ['signs that match names of files', 'GRUB_CMDLINE_LINUX="b=* c=?"', 'b=* c=? a=1 '],
    ['a sign of grub', "GRUB_CMDLINE_LINUX='b=2 \\$vt_handoff'", 'b=2 \\$vt_handoff a=1 '],
  ])('leave present values as they are: %s (D47)', async (_, settings, entry) => {
    await using guest = await debian(`${settings}\n`)

    const { code, entries, said } = await guest.apply({ add: ['a=1'], remove: ['quiet'] })

    expect({ code, entry: entries[0], said: said.slice(0, -1) }).toEqual({ code: 0, entry, said: [] })
  })

  it("keep the user's own console= beside one that is added (D54)", async () => {
    await using guest = await debian('GRUB_CMDLINE_LINUX_DEFAULT="console=ttyS0,115200n8 console=tty0"\n')

    const { code, entries } = await guest.apply({ add: ['console=hvc0'] })

    expect({ code, entry: entries[0] }).toEqual({ code: 0, entry: 'console=hvc0 console=ttyS0,115200n8 console=tty0' })
  })

  it('replace another value of an argument that counts once, wherever it stands and however it is spelt', async () => {
    await using guest = await debian(
      'GRUB_CMDLINE_LINUX="mem_sleep=deep"\nGRUB_CMDLINE_LINUX_DEFAULT="mem-sleep=s2idle quiet"\n',
    )

    const { code, entries } = await guest.apply({ add: ['mem-sleep=off'] })

    expect({ code, entry: entries[0] }).toEqual({ code: 0, entry: 'mem-sleep=off quiet' })
  })

  it('remove by name all values, and with a value only that one', async () => {
    await using guest = await debian('GRUB_CMDLINE_LINUX="a=1 a=2 a ab=3 b=1 b=2"\n')

    const { code, entries } = await guest.apply({ remove: ['a', 'b=1'] })

    expect({ code, entry: entries[0] }).toEqual({ code: 0, entry: 'ab=3 b=2 ' })
  })

  it('set timeout and modules, and touch nothing else then', async () => {
    await using guest = await debian('GRUB_PRELOAD_MODULES="part_gpt"\nGRUB_CMDLINE_LINUX="x"\n')

    const { code } = await guest.apply({ modules: ['tpm'], timeout: 0 })

    expect(code).toBe(0)
    expect(await guest.read('boot/grub/grub.cfg')).toMatch(/^insmod part_gpt\ninsmod tpm\n[\s\S]*set timeout=0\n/m)
    expect(await guest.read('boot/grub/grub.cfg')).not.toMatch(/set timeout=[^0]/)
    expect(await guest.read(OWN)).not.toContain('CMDLINE')
  })

  it('do without a recovery entry where the guest has none', async () => {
    await using guest = await debian(`${DEBIAN}GRUB_DISABLE_RECOVERY=true\n`)

    const { code, entries } = await guest.apply({ add: ['a=1'] })

    expect({ code, entries }).toEqual({ code: 0, entries: ['a=1 quiet', 'a=1 quiet'] })
  })

  it('refuse a module that this grub does not have, when it has any as files', async () => {
    const files = { 'usr/lib/grub/x86_64-efi/tpm.mod': '', 'etc/default/grub': DEBIAN }
    await using guest = await grubGuest({ dropIns: true, files })

    expect(await guest.apply({ modules: ['tpm'] })).toMatchObject({ code: 0 })
    expect(await guest.apply({ modules: ['tmp'] })).toMatchObject({
      code: 1,
      said: ['the grub of this guest has no module tmp'],
    })
  })
})

describe('grub-check.sh', () => {
  it('tells every entry that differs, with what, where and for whom', async () => {
    await using guest = await debian()
    await guest.apply({ add: ['a=1'], remove: ['quiet'], modules: ['tpm'], timeout: 0 })
    const late =
      'GRUB_CMDLINE_LINUX_DEFAULT="a=2 quiet"\nGRUB_PRELOAD_MODULES=\nGRUB_TIMEOUT=7\nGRUB_RECORDFAIL_TIMEOUT=7\n'
    await guest.run('grub-settings')
    await writeFile(`${guest.root}/etc/default/grub.d/zzz.cfg`, late)
    await guest.run('grub-mkconfig')

    const advanced = 'kernel entry "Debian GNU/Linux, with Linux 6.12.1-cloud-amd64"'
    expect(await guest.run('grub-check')).toMatchObject({
      code: 1,
      said: [
        'kernel entry "Debian GNU/Linux" has a=1, but a=2 stands behind it and counts',
        'kernel entry "Debian GNU/Linux" still has quiet, which 10-wisher wants gone',
        `${advanced} has a=1, but a=2 stands behind it and counts`,
        `${advanced} still has quiet, which 10-wisher wants gone`,
        '/boot/grub/grub.cfg does not load the module tpm, which 10-wisher asks for',
        '/boot/grub/grub.cfg does not set timeout=0, as 10-wisher asks',
      ],
    })
  })

  it('sees a value that was to go, and another spelling of a name behind one that was added', async () => {
    await using guest = await debian(`${DEBIAN}GRUB_DISABLE_RECOVERY=true\n`)
    await guest.apply({ add: ['mem-x=4'], remove: ['b=1'] })
    await writeFile(`${guest.root}/etc/default/grub.d/zzz.cfg`, 'GRUB_CMDLINE_LINUX_DEFAULT="b=1 b=2 mem_x=3"\n')
    await guest.run('grub-mkconfig')

    expect((await guest.run('grub-check')).said.slice(0, 2)).toEqual([
      'kernel entry "Debian GNU/Linux" has mem-x=4, but mem_x=3 stands behind it and counts',
      'kernel entry "Debian GNU/Linux" still has b=1, which 10-wisher wants gone',
    ])
  })

  it('finds an entry of its own file that grub-mkconfig takes over as it is', async () => {
    const own = "menuentry 'my kernel' {\n\tlinux /boot/vmlinuz-mine root=/dev/vda1 ro\n}\n"
    await using guest = await debian(DEBIAN, { 'etc/grub.d/40_custom': own })

    const { code, said } = await guest.apply({ add: ['a=1'] })

    expect({ code, said }).toEqual({
      code: 1,
      said: ['kernel entry "my kernel" lacks a=1, which 10-wisher asks for'],
    })
  })

  it('leaves the entries of other systems and memtest alone', async () => {
    const other = "menuentry 'Fedora (on /dev/vdb1)' {\n\tlinux /boot/vmlinuz-5 root=/dev/vdb1 ro quiet\n}\n"
    const memtest = "menuentry 'Memory test' {\n\tlinux /boot/memtest86+x64.efi\n}\n"
    await using guest = await debian(DEBIAN, { 'etc/grub.d/30_os-prober': other, 'etc/grub.d/20_memtest86+': memtest })

    expect(await guest.apply({ add: ['a=1'], remove: ['quiet'] })).toMatchObject({ code: 0 })
  })

  it('looks at kernels below Xen too', async () => {
    const xen =
      "menuentry 'Debian, with Xen' {\n\tmultiboot2\t/boot/xen-4.17.gz placeholder\n\tmodule2\t/boot/vmlinuz-6.12.1 placeholder root=x ro a=2\n\tmodule2\t--nounzip /boot/initrd.img-6.12.1\n}\n"
    await using guest = await debian(DEBIAN, { 'etc/grub.d/20_linux_xen': xen })

    const { code, said } = await guest.apply({ add: ['a=1'] })

    expect({ code, said }).toEqual({
      code: 1,
      said: ['kernel entry "Debian, with Xen" lacks a=1, which 10-wisher asks for'],
    })
  })

  it('fails where there is no grub.cfg, or none with a kernel in it', async () => {
    await using guest = await debian()
    await guest.apply({ timeout: 1 })

    await writeFile(`${guest.root}/boot/grub/grub.cfg`, 'set timeout=1\n')
    expect(await guest.run('grub-check')).toMatchObject({ code: 1, said: ['/boot/grub/grub.cfg has no kernel entry'] })
    await rm(`${guest.root}/boot/grub/grub.cfg`)
    expect(await guest.run('grub-check')).toMatchObject({
      code: 1,
      said: ['there is no grub.cfg in /boot/grub or /boot/grub2'],
    })
  })
})

describe('grub-settings.sh in a guest whose grub reads no drop-ins', () => {
  it('adds to the end of /etc/default/grub, once', async () => {
    const before = 'GRUB_CMDLINE_LINUX="rhgb quiet"'
    await using guest = await grubGuest({ dropIns: false, files: { 'etc/default/grub': before } })

    const once = await guest.apply({ add: ['a=1'], remove: ['quiet'] })
    const text = await guest.read('etc/default/grub')
    const twice = await guest.apply({ add: ['a=1'], remove: ['quiet'] })

    expect(once).toMatchObject({ code: 0, entries: ['rhgb a=1 ', 'rhgb a=1 ', 'single rhgb a=1'] })
    expect(text).toMatch(/^GRUB_CMDLINE_LINUX="rhgb quiet"\n# --- cvm-image-rewriter\n/)
    expect(twice).toEqual(once)
    expect(await guest.read('etc/default/grub')).toBe(text)
  })

  it('edits entries that are files of their own, and the arguments of later kernels', async () => {
    const entry =
      'title Fedora (6.11)\nlinux /vmlinuz-6.11\noptions root=UUID=1 ro console=tty0 quiet dyndbg="a  quiet"\n'
    const files = {
      'etc/default/grub': '',
      'boot/loader/entries/1-6.11.conf': entry,
      'boot/loader/entries/1-6.10.conf': entry.replace(/options .*\n/, ''),
      'etc/kernel/cmdline': 'root=UUID=1 ro quiet\n',
    }
    await using guest = await grubGuest({ dropIns: false, files })

    const once = await guest.apply({ add: ['console=hvc0', 'a=1'], remove: ['quiet'] })
    const twice = await guest.apply({ add: ['console=hvc0', 'a=1'], remove: ['quiet'] })

    expect([once.code, twice.code]).toEqual([0, 0])
    expect(await guest.read('boot/loader/entries/1-6.11.conf')).toBe(
      'title Fedora (6.11)\nlinux /vmlinuz-6.11\noptions root=UUID=1 ro console=tty0 dyndbg="a  quiet" console=hvc0 a=1\n',
    )
    expect(await guest.read('boot/loader/entries/1-6.10.conf')).toBe(
      'title Fedora (6.11)\nlinux /vmlinuz-6.11\noptions console=hvc0 a=1\n',
    )
    expect(await guest.read('etc/kernel/cmdline')).toBe('root=UUID=1 ro console=hvc0 a=1\n')
  })

  it("takes arguments out of grub's environment, where entries have them from", async () => {
    const files = {
      'etc/default/grub': '',
      'boot/grub2/grubenv': '# GRUB Environment Block\nsaved_entry=x\nkernelopts=root=/dev/vda1 ro quiet a=0\n',
      'boot/loader/entries/1.conf': 'title RHEL\noptions $kernelopts $tuned_params\n',
    }
    await using guest = await grubGuest({ dropIns: false, files })

    const { code, said } = await guest.apply({ add: ['a=1'], remove: ['quiet'] })

    expect({ code, last: said.at(-1) }).toEqual({
      code: 0,
      last: 'note: every kernel entry (4) is as asked: add a=1, remove quiet',
    })
    expect(await guest.read('boot/grub2/grubenv')).toContain('\nkernelopts=root=/dev/vda1 ro\n')
    expect(await guest.read('boot/loader/entries/1.conf')).toBe('title RHEL\noptions $kernelopts $tuned_params a=1\n')
  })

  it('finds in the environment what nobody has taken out', async () => {
    const files = {
      'etc/default/grub': '',
      'boot/grub2/grubenv': 'kernelopts=ro quiet\n',
      'boot/loader/entries/1.conf': 'title RHEL\noptions $kernelopts a=1\n',
    }
    await using guest = await grubGuest({ dropIns: false, files })
    await guest.apply({ add: ['a=1'], remove: ['quiet'] })
    await writeFile(`${guest.root}/boot/grub2/grubenv`, files['boot/grub2/grubenv'])

    expect(await guest.run('grub-check')).toMatchObject({
      code: 1,
      said: ['kernel entry "RHEL" still has quiet, which 10-wisher wants gone'],
    })
  })
})

describe('grub-settings.sh in a guest without grub', () => {
  it('says that its boot loader is another one', async () => {
    await using guest = await debian()
    await guest.apply({ add: ['a=1'] })
    await rm(`${guest.root}/../bin/grub-mkconfig`)

    const { code, said } = await guest.run('grub-settings')

    expect({ code, said }).toEqual({ code: 1, said: [expect.stringMatching(/^this guest has no grub-mkconfig: /)] })
  })
})

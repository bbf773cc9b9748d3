import { chmod, chown, readFile, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RootfsPlan } from '../../../src/model/wishes.js'
import { aUser, KEY } from '../../fixtures/rootfs.js'
import { aRootfsGuest, type RootfsGuest } from './rootfs-guest.js'

const asked = (word: string) => ({ word, plugins: ['10-a'] })
const CHECK = 'rootfs-check.sh'
const FILE = 'home/debian/.ssh/authorized_keys'
const SUDO_LIST = 'User debian may run the following commands on x:\n    (ALL) NOPASSWD: ALL'

/** All of it is so in the guest that `beforeEach` makes. */
const WISHES = {
  groups: [asked('tdx')],
  users: [aUser({ name: 'debian', groups: ['debian'], shell: '/bin/bash', sudo: true })],
  authorizedKeys: [{ user: 'debian', keys: [`${KEY} two  blanks`], plugins: ['10-a'] }],
  packages: [asked('jq'), asked('mail-agent')],
  modes: [{ path: '/etc/x', mode: '0640', owner: 'debian', group: 'tdx', plugins: ['10-a'] }],
  remove: [asked('/etc/old')],
  enable: [asked('a.service')],
  disable: [asked('b.service')],
  mask: [asked('c.service')],
} satisfies Partial<RootfsPlan>

let guest: RootfsGuest
beforeEach(async () => {
  guest = await aRootfsGuest()
  await guest.put(FILE, `${KEY} two blanks\n`, 0o600)
  await guest.put('etc/x', '', 0o640)
  for (const path of [FILE, 'etc/x']) await chown(join(guest.root, path), guest.uid, guest.gid)
  await guest.program('sudo', `echo "${SUDO_LIST}"`)
  await guest.program(
    'systemctl',
    'case $2 in a.*) echo enabled ;; b.*) echo disabled; exit 1 ;; c.*) echo masked; exit 1 ;; esac',
  )
  await guest.program(
    'dpkg-query',
    'case $4 in jq) echo installed ;; "") echo "installed, mail-agent (= 1), x," ;; *) exit 1 ;; esac',
  )
})
afterEach(async () => await guest[Symbol.asyncDispose]())

describe('rootfs-check.sh', () => {
  it('says with numbers that all is as asked', async () => {
    expect(await guest.run(CHECK, WISHES)).toEqual({
      code: 0,
      out: 'note: read back, and as asked: groups: 1, users: 1, keys: 1, packages: 2, modes and owners: 1, removed: 1, enabled: 1, disabled: 1, masked: 1\n',
    })
  })

  it.each<[string, (guest: RootfsGuest) => Promise<unknown>, string]>([
    ['a lost group', (g) => g.put('etc/group', 'debian:x:1:debian\n'), 'there is no group tdx, which 10-a asks for'],
    ['a lost user', (g) => g.put('etc/passwd', ''), 'there is no user debian, whom 10-a asks for'],
    ['a lost membership', (g) => g.put('etc/group', 'tdx:x:0:\n'), 'debian is not in the group debian, as 10-a asks'],
    [
      'another shell',
      (g) => g.put('etc/passwd', `debian:x:${g.uid}:0::/home/debian:/bin/dash\n`),
      'debian has the shell /bin/dash',
    ],
    [
      'a shell that is none',
      (g) => chmod(join(g.root, 'bin/bash'), 0o644),
      '/bin/bash, the shell of debian, is no program here',
    ],
    ['a password', (g) => g.put('etc/shadow', 'debian:$6$x$y:1::::::\n'), 'the password of debian is not locked'],
    ['an empty password', (g) => g.put('etc/shadow', 'debian::1::::::\n'), 'the password of debian is not locked'],
    [
      'lost rights',
      (g) => g.program('sudo', 'echo "User debian is not allowed to run sudo on x."'),
      'debian may not use sudo without a password',
    ],
    [
      'rights with a password only',
      (g) => g.program('sudo', 'echo "    (ALL : ALL) ALL"'),
      'debian may not use sudo without a password',
    ],
    [
      'a lost key',
      (g) => g.put(FILE, `${KEY.slice(0, -1)}A x\n`, 0o600),
      `lacks the key ssh-ed25519 ...${KEY.slice(-12)}, which 10-a brings`,
    ],
    ['no keys at all', (g) => rm(join(g.root, FILE)), `there is no file /${FILE}, for a key of 10-a`],
    [
      'a key with options',
      (g) => g.put(FILE, `restrict ${KEY}\n`, 0o600),
      `lacks the key ssh-ed25519 ...${KEY.slice(-12)}`,
    ],
    ['keys that all can read', (g) => chmod(join(g.root, FILE), 0o644), 'has mode and owner 644'],
    [
      'a lost package',
      (g) =>
        g.program('dpkg-query', 'case $4 in jq) echo config-files ;; "") echo "installed, mail-agent, x," ;; esac'),
      'the package jq is not installed, which 10-a asks for',
    ],
    ['another mode', (g) => chmod(join(g.root, 'etc/x'), 0o4640), '/etc/x has the mode 4640, and 10-a asks for 0640'],
    ['a path that is gone', (g) => rm(join(g.root, 'etc/x')), 'there is no /etc/x any more (10-a)'],
    [
      'another owner',
      (g) => g.put('etc/passwd', 'debian:x:4711:0::/home/debian:/bin/bash\n'),
      '/etc/x does not belong to debian, as 10-a asks',
    ],
    [
      'another group',
      (g) => g.put('etc/group', 'tdx:x:4711:\ndebian:x:0:debian\n'),
      '/etc/x does not belong to the group tdx, as 10-a asks',
    ],
    [
      'what was to go',
      (g) => symlink('/nowhere', join(g.root, 'etc/old')),
      '/etc/old is there, and 10-a wants it removed',
    ],
    [
      'a unit that is not enabled',
      (g) => g.program('systemctl', 'case $2 in a.*) echo static ;; b.*) echo disabled ;; c.*) echo masked ;; esac'),
      'a.service is static, and 10-a asks systemctl to enable it',
    ],
    [
      'a unit that is not disabled',
      (g) => g.program('systemctl', 'case $2 in a.*|b.*) echo enabled ;; c.*) echo masked ;; esac'),
      'b.service is enabled, and 10-a asks systemctl to disable it',
    ],
    [
      'a unit that is not masked',
      (g) => g.program('systemctl', 'case $2 in a.*) echo enabled ;; b.*) echo disabled ;; esac'),
      'c.service is not known, and 10-a asks systemctl to mask it',
    ],
  ])('finds %s', async (_, spoil, words) => {
    await spoil(guest)

    const { code, out } = await guest.run(CHECK, WISHES)

    expect(code).toBe(1)
    expect(out).toContain(words)
    expect(out).not.toContain('note:')
  })

  it('finds all that differs, not only the first thing', async () => {
    await guest.put('etc/old', '')
    await chmod(join(guest.root, 'etc/x'), 0o600)

    expect((await guest.run(CHECK, WISHES)).out.trimEnd().split('\n')).toHaveLength(2)
  })

  it('finds that sudo is not installed where rights are asked for', async () => {
    await chmod(join(guest.root, 'bin/sudo'), 0o644)

    const { code, out } = await guest.run(CHECK, { users: WISHES.users }, 'only its own programs')

    expect({ code, out }).toEqual({ code: 1, out: 'sudo is not installed, and 10-a asks for it for debian\n' })
  })

  it('D39: finds rights that nobody asked for', async () => {
    const { code, out } = await guest.run(CHECK, { users: [aUser({ name: 'debian' })] })

    expect(code).toBe(1)
    expect(out).toBe('debian may use sudo without a password, which 10-a does not ask for\n')
  })

  it('takes a system user whose shell is not installed: nobody logs in with it', async () => {
    await guest.put('etc/passwd', `svc:x:${guest.uid}:0::/nonexistent:/usr/sbin/nologin\n`)
    await guest.put('etc/shadow', 'svc:!:20000::::::\n')
    await guest.program('sudo', 'exit 1')

    expect((await guest.run(CHECK, { users: [aUser({ name: 'svc', system: true })] })).code).toBe(0)
    await guest.put('etc/passwd', `svc:x:${guest.uid}:0::/nonexistent:/bin/sh\n`)
    expect((await guest.run(CHECK)).out).toBe('svc has the shell /bin/sh, and 10-a asks for /usr/sbin/nologin\n')
  })

  it('takes a mode of zeros', async () => {
    await guest.put('etc/zero', '', 0)

    expect((await guest.run(CHECK, { modes: [{ path: '/etc/zero', mode: '0000', plugins: ['10-a'] }] })).code).toBe(0)
  })

  describe('for a kernel that packages brought', () => {
    beforeEach(async () => {
      const script = new URL('../../../cloud-init/guest/grub-default.sh', import.meta.url)
      await guest.put('var/lib/cvm-image-rewriter/grub-default.sh', await readFile(script, 'utf8'), 0o755)
      await guest.put('var/lib/cvm-image-rewriter/new-kernel', '6.1\n')
    })
    const config = (kernel: string) =>
      `set default="0"\nmenuentry 'x' {\n\tlinux /boot/vmlinuz-${kernel} root=x\n\tinitrd\t/boot/initrd.img-${kernel}\n}\n`

    it('D57: fails with both names when another one boots', async () => {
      await guest.put('boot/grub/grub.cfg', config('6.12'))

      const { code, out } = await guest.run(CHECK, {})

      expect(code).toBe(1)
      expect(out).toContain('boots the kernel 6.12, not 6.1')
    })

    it('fails when the default leads to no entry', async () => {
      await guest.put('boot/grub/grub.cfg', config('6.1').replace('"0"', '"7"'))

      expect(await guest.run(CHECK, {})).toEqual({ code: 1, out: '/boot/grub/grub.cfg: no entry is 7\n' })
    })

    it('names the kernel when it is the one that boots', async () => {
      await guest.put('boot/grub/grub.cfg', config('6.1'))

      expect(await guest.run(CHECK, {})).toMatchObject({
        code: 0,
        out: expect.stringContaining('the kernel that boots is 6.1\n'),
      })
    })

    it('fails when the configuration was made before its initrd', async () => {
      await guest.put('boot/grub/grub.cfg', config('6.1').replace('initrd.img-6.1', 'initrd.img-6.10'))

      expect(await guest.run(CHECK, {})).toEqual({
        code: 1,
        out: '/boot/grub/grub.cfg has no initrd for the kernel 6.1\n',
      })
    })

    it('fails without a configuration of grub', async () => {
      expect(await guest.run(CHECK, {})).toMatchObject({
        code: 1,
        out: expect.stringContaining('there is no /boot/grub/grub.cfg'),
      })
    })
  })
})

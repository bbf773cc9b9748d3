import { existsSync } from 'node:fs'
import { mkdir, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { aUser, KEY, OTHER_KEY } from '../../fixtures/rootfs.js'
import { aRootfsGuest, type RootfsGuest } from './rootfs-guest.js'

const asked = (word: string) => ({ word, plugins: ['10-a'] })
const SETTINGS = 'rootfs-settings.sh'
let guest: RootfsGuest
beforeEach(async () => {
  guest = await aRootfsGuest()
})
afterEach(async () => await guest[Symbol.asyncDispose]())

const at = (path: string) => join(guest.root, path)
const modeOf = async (path: string) => ((await stat(at(path))).mode & 0o7777).toString(8)

describe('rootfs-settings.sh', () => {
  it('gives a user who was there before the groups and the shell that cloud-init left out', async () => {
    const users = [aUser({ name: 'debian', groups: ['tdx', 'new'], shell: '/bin/sh' })]

    expect((await guest.run(SETTINGS, { users })).code).toBe(0)
    expect(await guest.read('etc/group')).toMatch(/^tdx:.*:debian$/m)
    expect(await guest.read('etc/group')).toMatch(/^new:.*:debian$/m)
    expect(await guest.read('etc/passwd')).toMatch(/^debian:.*:\/bin\/sh$/m)
  })

  it('adds keys behind those that are there, also behind a last line without an end, each once', async () => {
    await guest.put('home/debian/.ssh/authorized_keys', OTHER_KEY, 0o644)
    const wishes = { authorizedKeys: [{ user: 'debian', keys: [`${KEY} me: "x" #1`, OTHER_KEY], plugins: ['10-a'] }] }

    await guest.run(SETTINGS, wishes)
    expect((await guest.run(SETTINGS)).code).toBe(0)
    expect(await guest.read('home/debian/.ssh/authorized_keys')).toBe(`${OTHER_KEY}\n${KEY} me: "x" #1\n`)
    expect(await modeOf('home/debian/.ssh/authorized_keys')).toBe('600')
  })

  it('makes the directory for keys as OpenSSH wants it, and changes nothing else of the user', async () => {
    const accounts = () => Promise.all(['etc/passwd', 'etc/shadow', 'etc/group'].map(guest.read))
    const before = await accounts()

    await guest.run(SETTINGS, { authorizedKeys: [{ user: 'debian', keys: [KEY], plugins: ['10-a'] }] })

    expect(await guest.read('home/debian/.ssh/authorized_keys')).toBe(`${KEY}\n`)
    expect(await modeOf('home/debian/.ssh')).toBe('700')
    const { uid, gid } = guest
    for (const path of ['home/debian/.ssh', 'home/debian/.ssh/authorized_keys'])
      expect(await stat(at(path))).toMatchObject({ uid, gid })
    expect(await accounts()).toEqual(before)
  })

  it('refuses a key for a user who is not there, and names who brings it', async () => {
    const { code, out } = await guest.run(SETTINGS, {
      authorizedKeys: [{ user: 'eve', keys: [KEY], plugins: ['10-a'] }],
    })

    expect(code).toBe(1)
    expect(out).toContain('there is no user eve, for whom 10-a brings a key')
  })

  it('does not follow a link in the place of the keys', async () => {
    await guest.put('etc/target', '')
    await mkdir(at('home/debian/.ssh'))
    await symlink('/etc/target', at('home/debian/.ssh/authorized_keys'))

    expect(
      (await guest.run(SETTINGS, { authorizedKeys: [{ user: 'debian', keys: [KEY], plugins: ['10-a'] }] })).code,
    ).toBe(1)
    expect(await guest.read('etc/target')).toBe('')
  })

  it('sets units, and fails with the name of one for which systemctl fails', async () => {
    await guest.program('systemctl', 'echo "$*" >>"$ROOT/calls"; [ "$3" != lost.service ]')
    const wishes = { enable: [asked('a.service')], disable: [asked('b.socket')], mask: [asked('c.service')] }

    expect((await guest.run(SETTINGS, wishes)).code).toBe(0)
    expect(await guest.read('calls')).toBe(
      '--no-reload enable a.service\n--no-reload disable b.socket\n--no-reload mask c.service\n',
    )
    const { code, out } = await guest.run(SETTINGS, { enable: [asked('lost.service')] })
    expect(code).toBe(1)
    expect(out).toContain('systemctl enable lost.service failed, which 10-a asks for')
  })

  it('sets mode and owner, setuid too', async () => {
    await guest.put('usr/bin/a b', '', 0o644)
    const modes = [{ path: '/usr/bin/a b', mode: '04750', owner: 'debian', group: 'tdx', plugins: ['10-a'] }]

    expect((await guest.run(SETTINGS, { modes })).code).toBe(0)
    expect(await modeOf('usr/bin/a b')).toBe('4750')
    expect(await stat(at('usr/bin/a b'))).toMatchObject({ uid: guest.uid, gid: guest.gid })
  })

  it.each([
    ['a path that is not there', { path: '/etc/none', mode: '0600' }, 'there is no /etc/none'],
    ['a link', { path: '/etc/link', mode: '0600' }, '/etc/link is a link'],
    ['an owner who is not there', { path: '/etc/x', owner: 'eve' }, 'there is no user eve'],
    ['a group that is not there', { path: '/etc/x', group: 'eve' }, 'there is no group eve'],
  ])('refuses to set the mode of %s', async (_, wish, words) => {
    await guest.put('etc/x', '', 0o640)
    await symlink('x', at('etc/link'))

    const { code, out } = await guest.run(SETTINGS, { modes: [{ ...wish, plugins: ['10-a'] }] })

    expect(code).toBe(1)
    expect(out).toContain(words)
    expect(await modeOf('etc/x')).toBe('640')
  })

  it('removes files, whole directories and links, but not what links lead to', async () => {
    await guest.put('opt/old/deep/file', '')
    await guest.put('srv/kept', '')
    await symlink('kept', at('srv/link'))
    await symlink('/nowhere', at('srv/dangling'))
    const wishes = { remove: ['/opt/old', '/srv/link', '/srv/dangling', '/srv/never'].map(asked) }

    const { code, out } = await guest.run(SETTINGS, wishes)

    expect(code).toBe(0)
    expect(out).toContain('/srv/never is not there anyway (10-a)')
    expect(['opt/old', 'srv/link', 'srv/dangling'].filter((path) => existsSync(at(path)))).toEqual([])
    expect(existsSync(at('srv/kept'))).toBe(true)
  })

  it('does not remove a directory that a system needs through a link in the path', async () => {
    await guest.put('usr/lib/x', '')
    await symlink('usr', at('merged'))

    const { code, out } = await guest.run(SETTINGS, { remove: [asked('/merged/lib')] })

    expect(code).toBe(1)
    expect(out).toContain('/merged/lib is /usr/lib, which a system needs')
    expect(existsSync(at('usr/lib/x'))).toBe(true)
  })

  it('fails, and goes no further, when something cannot be removed', async () => {
    await guest.put('opt/a/b', '')
    await guest.put('opt/c', '')
    await guest.program('rm', 'for last; do :; done; [ "$last" != "$ROOT/opt/a" ]')

    const { code, out } = await guest.run(SETTINGS, { remove: ['/opt/a', '/opt/c'].map(asked) })

    expect({ code, out }).toEqual({ code: 1, out: '/opt/a cannot be removed, as 10-a wants\n' })
  })

  describe('for a kernel that packages brought', () => {
    const CHOICE = 'etc/default/grub.d/zz-cvm-image-rewriter-kernel.cfg'
    beforeEach(async () => {
      await guest.program('grub-probe', 'case $* in *fs_uuid*) echo 11-22 ;; *) echo /dev/vda1 ;; esac')
      await guest.program('grub-mkconfig', ':')
      for (const version of ['6.1.0-56-cloud', '6.12.1-cloud']) await guest.put(`boot/vmlinuz-${version}`, '')
      await guest.put('etc/default/grub', 'GRUB_DEFAULT=0\n')
    })
    const come = async (version: string) => await guest.put('var/lib/cvm-image-rewriter/new-kernel', `${version}\n`)

    it('names its entry when grub would put a higher version first (D57)', async () => {
      await come('6.1.0-56-cloud')

      expect((await guest.run(SETTINGS, {})).code).toBe(0)
      expect(await guest.read(CHOICE)).toMatch(
        /^GRUB_DEFAULT='gnulinux-advanced-11-22>gnulinux-6\.1\.0-56-cloud-advanced-11-22'$/m,
      )
    })

    it('names its entry without a submenu where the guest has none', async () => {
      await guest.put('etc/default/grub.d/10-x.cfg', 'GRUB_DISABLE_SUBMENU=y\n')
      await come('6.1.0-56-cloud')

      await guest.run(SETTINGS, {})

      expect(await guest.read(CHOICE)).toMatch(/^GRUB_DEFAULT='gnulinux-6\.1\.0-56-cloud-advanced-11-22'$/m)
    })

    it('leaves a boot loader alone that puts it first, and takes back what an earlier run has set', async () => {
      await guest.put(CHOICE, "GRUB_DEFAULT='gnulinux-old'\n")
      await come('6.12.1-cloud')

      expect((await guest.run(SETTINGS, {})).code).toBe(0)
      expect(existsSync(at(CHOICE))).toBe(false)
    })

    it('asks for the first entry where the guest asks for another one', async () => {
      await guest.put('etc/default/grub.d/50-x.cfg', 'GRUB_DEFAULT=saved\n')
      await come('6.12.1-cloud')

      await guest.run(SETTINGS, {})

      expect(await guest.read(CHOICE)).toMatch(/^GRUB_DEFAULT='0'$/m)
    })

    it('fails in a guest without grub-mkconfig', async () => {
      await rm(at('bin/grub-mkconfig'))
      await come('6.1.0-56-cloud')

      // This machine may have one.
      expect(await guest.run(SETTINGS, {}, 'only its own programs')).toMatchObject({
        code: 1,
        out: expect.stringContaining('no grub-mkconfig'),
      })
    })
  })
})

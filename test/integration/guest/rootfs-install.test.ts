import { existsSync } from 'node:fs'
import { chmod, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { aUser } from '../../fixtures/rootfs.js'
import { aRootfsGuest, type RootfsGuest } from './rootfs-guest.js'

const asked = (word: string) => ({ word, plugins: ['10-a'] })
const INSTALL = 'rootfs-install.sh'
const OURS = 'var/lib/cvm-image-rewriter'
const DEBS = { debs: [asked('/repo/kernel.deb'), asked('/repo/tool.deb')] }
let guest: RootfsGuest
beforeEach(async () => {
  guest = await aRootfsGuest()
  await guest.program('dpkg-query', 'case $4 in jq) echo installed ;; *) exit 1 ;; esac')
})
afterEach(async () => await guest[Symbol.asyncDispose]())

describe('rootfs-install.sh, which looks at what cloud-init has done', () => {
  it('says nothing when it has done all', async () => {
    const wishes = { groups: [asked('tdx')], users: [aUser({ name: 'debian' })], packages: [asked('jq')] }

    expect(await guest.run(INSTALL, wishes)).toEqual({ code: 0, out: '' })
  })

  it('names all that lacks, last and behind the words of cloud-init and apt', async () => {
    await guest.put('var/log/cloud-init-output.log', 'Reading lists\nE: Unable to locate package nosuch\n')
    await guest.put(
      'var/log/cloud-init.log',
      'x - util.py[DEBUG]: a\nx - util.py[WARNING]: Failed to install packages\n',
    )
    const wishes = { groups: [asked('gone')], users: [aUser({ name: 'eve' })], packages: [asked('nosuch')] }

    const { code, out } = await guest.run(INSTALL, wishes)

    expect(code).toBe(1)
    expect(out.trimEnd().split('\n')).toEqual([
      'E: Unable to locate package nosuch',
      'x - util.py[WARNING]: Failed to install packages',
      'there is no group gone, which 10-a asks for',
      'there is no user eve, whom 10-a asks for',
      'the package nosuch is not installed, which 10-a asks for',
    ])
  })

  it('asks rpm in a guest without dpkg', async () => {
    await chmod(join(guest.root, 'bin/dpkg-query'), 0o644)
    await guest.program('rpm', '[ "$3" = jq ]')
    const run = (name: string) => guest.run(INSTALL, { packages: [asked(name)] }, 'only its own programs')

    expect((await run('jq')).code).toBe(0)
    expect((await run('nosuch')).code).toBe(1)
  })
})

describe('rootfs-install.sh with .deb files', () => {
  beforeEach(async () => {
    await guest.put(`${OURS}/rebuild-later.sh`, '#!/bin/sh\necho "later: ${0##*/}"\n', 0o755)
    await guest.program('blkid', '[ "$2" = cidata ] && echo /dev/vdb')
    await guest.program(
      'mount',
      'for last; do :; done; mkdir "$last/debs"; : >"$last/debs/0.deb"; : >"$last/debs/1.deb"; echo "$last" >"$ROOT/mounted"',
    )
    await guest.program('umount', 'rm -r "$1/debs"')
    await guest.program('update-initramfs', 'echo real')
    await guest.program('update-grub', 'echo real')
    await guest.program('apt-get', 'echo "$DEBIAN_FRONTEND $*" >"$ROOT/apt"; update-initramfs -u; : >"$ROOT/installed"')
    await guest.program(
      'dpkg-query',
      'if [ "$1" = -L ]; then echo "/boot/vmlinuz-6.$2"; elif [ -e "$ROOT/installed" ]; then printf "a 2 installed\\nnew 1 installed\\n"; else printf "a 1 installed\\nold 1 installed\\n"; fi',
    )
    await guest.program('dpkg-deb', 'case $2 in */0.deb) echo 9 ;; *) echo 10 ;; esac')
  })

  it('installs them in one run of apt that has nothing to fetch from and keeps configuration files', async () => {
    const { code, out } = await guest.run(INSTALL, DEBS)

    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringContaining('note: packages that came or changed: a 2, new 1\n'),
    })
    expect(out).toContain('note: packages that apt removed for them: old\n')
    const call = await guest.read('apt')
    expect(call).toMatch(/^noninteractive install --yes --allow-downgrades .* \S+\/debs\/0\.deb \S+\/debs\/1\.deb\n$/)
    for (const part of ['sourcelist=/dev/null', 'sourceparts=/dev/null', 'DPkg::Options::=--force-confold'])
      expect(call).toContain(part)
  })

  it('puts stand-ins in front of what rebuilds boot files, for those that the guest has, and takes them away', async () => {
    const { out } = await guest.run(INSTALL, DEBS)
    const path = /DPkg::Path=(\S+)/.exec(await guest.read('apt'))?.[1]

    expect(out).toContain('later: update-initramfs')
    expect(path?.startsWith(join(guest.root, OURS, 'standins:'))).toBe(true)
    expect(existsSync(join(guest.root, OURS, 'standins'))).toBe(false)
  })

  it('makes no stand-in for a program that the guest does not have', async () => {
    await guest.program('apt-get', 'ls "$ROOT/var/lib/cvm-image-rewriter/standins"')

    // This machine may have all of them.
    expect((await guest.run(INSTALL, DEBS, 'only its own programs')).out).toMatch(/^update-grub\nupdate-initramfs\n/)
  })

  it('leaves the seed unmounted and no directory behind (D58)', async () => {
    await guest.run(INSTALL, DEBS)

    expect(existsSync((await guest.read('mounted')).trim())).toBe(false)
  })

  it('notes the highest version of the kernels that came', async () => {
    await guest.run(INSTALL, DEBS)

    expect(await guest.read(`${OURS}/new-kernel`)).toBe('6.10\n')
  })

  it('notes no kernel when none came', async () => {
    await guest.program('dpkg-query', '[ "$1" = -L ] && echo /usr/bin/tool || echo "a 1 installed"')

    expect((await guest.run(INSTALL, DEBS)).code).toBe(0)
    expect(await readdir(join(guest.root, OURS))).not.toContain('new-kernel')
  })

  it('D57: fails when apt fails, with the names of the files', async () => {
    await guest.program('apt-get', 'echo "E: Unmet dependencies"; exit 100')

    const { code, out } = await guest.run(INSTALL, DEBS)

    expect(code).toBe(1)
    expect(out).toContain('debs/0.deb is kernel.deb of 10-a\ndebs/1.deb is tool.deb of 10-a\n')
    expect(out.trimEnd().split('\n').at(-1)).toMatch(/^apt could not install the \.deb files/)
    expect(existsSync(join(guest.root, OURS, 'standins'))).toBe(false)
  })
})

describe('rootfs-install.sh in a guest without apt', () => {
  it('says that .deb files need it', async () => {
    expect(await guest.run(INSTALL, DEBS, 'only its own programs')).toEqual({
      code: 1,
      out: 'this guest has no apt, and .deb files need it; asked for by 10-a\n',
    })
  })
})

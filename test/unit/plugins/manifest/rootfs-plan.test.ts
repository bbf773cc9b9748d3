import { describe, expect, it } from 'vitest'
import type { UserWish } from '../../../../src/model/manifest.js'
import { planRootfs } from '../../../../src/plugins/manifest/rootfs-plan.js'
import { aWisher, KEY, OTHER_KEY } from '../../../fixtures/rootfs.js'

const user = (given: Partial<UserWish> = {}): UserWish => ({
  name: 'cvm',
  groups: [],
  sudo: 'false',
  system: false,
  ...given,
})
const services = (given: object) => ({ services: { enable: [], disable: [], mask: [], ...given } })

async function problemsOf(...given: Parameters<typeof planRootfs>): Promise<readonly string[]> {
  return (await planRootfs(...given)).problems.map(({ where, what }) => `${where}: ${what}`)
}

describe('planRootfs', () => {
  it('plans nothing when nobody asks for anything', async () => {
    expect(await planRootfs([aWisher('10-a', {})], {})).toEqual({ problems: [], notes: [], runNotes: [] })
  })

  it('puts together what plugins ask for, each thing once with all who asked', async () => {
    const { plan, notes, problems } = await planRootfs(
      [
        aWisher('10-a', { packages: ['jq'], groups: ['tdx'], remove: ['/etc/x'] }),
        aWisher('20-b', { packages: ['jq', 'curl'] }),
      ],
      {},
    )

    expect(problems).toEqual([])
    expect(plan?.packages).toEqual([
      { word: 'jq', plugins: ['10-a', '20-b'] },
      { word: 'curl', plugins: ['20-b'] },
    ])
    expect(plan?.groups).toEqual([{ word: 'tdx', plugins: ['10-a'] }])
    expect(notes).toEqual(['10-a, 20-b: all ask for jq'])
  })

  it('fills in options: a list of keys gives several', async () => {
    const wisher = aWisher('10-a', {
      users: [user({ name: '$WHO', sudo: '$ROOT' })],
      authorizedKeys: [{ user: '$WHO', keys: ['$KEYS', KEY] }],
    })
    const { plan, problems } = await planRootfs([wisher], { WHO: 'eve', ROOT: 'true', KEYS: `${KEY}\n${OTHER_KEY}` })

    expect(problems).toEqual([])
    expect(plan?.users).toEqual([{ name: 'eve', groups: [], sudo: true, system: false, plugins: ['10-a'] }])
    expect(plan?.authorizedKeys).toEqual([{ user: 'eve', keys: [KEY, OTHER_KEY], plugins: ['10-a'] }])
  })

  it('leaves out what an option without a value stands in, and says when that is all', async () => {
    const wisher = aWisher('10-a', {
      users: [user({ name: '$WHO' })],
      authorizedKeys: [{ user: '$WHO', keys: ['$KEYS'] }],
      modes: [{ path: '/etc/x', owner: '$WHO' }],
    })
    const { plan, runNotes } = await planRootfs([wisher], {})

    expect(plan).toBeUndefined()
    expect(runNotes).toEqual(['10-a: WHO, KEYS not given: nothing to do'])
  })

  it('takes a sudo without a value as no', async () => {
    const { plan } = await planRootfs([aWisher('10-a', { users: [user({ sudo: '$ROOT' })] })], {})

    expect(plan?.users[0]?.sudo).toBe(false)
  })

  it.each([
    ['a user', { users: [user({ name: '$X' })] }, 'root:0:0'],
    ['the word that cloud-init has for another user', { users: [user({ name: '$X' })] }, 'default'],
    ['a group', { groups: ['$X'] }, 'a b'],
    ['a group of a user', { users: [user({ groups: ['$X'] })] }, 'a,b'],
    ['a shell', { users: [user({ shell: '$X' })] }, 'bash'],
    ['two shells', { users: [user({ shell: '$X' })] }, '/bin/sh\n/bin/bash'],
    ['rights', { users: [user({ sudo: '$X' })] }, 'ALL=(ALL) ALL'],
    ['a package', { packages: ['$X'] }, '-o=Dir::Etc=/tmp'],
    ['an owner', { modes: [{ path: '/etc/x', owner: '$X' }] }, '0:0'],
    ['a unit', services({ enable: ['$X'] }), '--now'],
    ['a path to remove', { remove: ['$X'] }, '/etc/../usr/x'],
    ['a key', { authorizedKeys: [{ user: 'cvm', keys: ['$X'] }] }, 'no key'],
  ])('refuses %s that an option has brought in and the file may not have', async (_, wishes, value) => {
    expect(await problemsOf([aWisher('10-a', wishes)], { X: value })).toEqual([
      expect.stringMatching(/^10-a: rootfs: /),
    ])
  })

  it.each([
    ['options in front of its type', `command="/bin/sh" ${KEY}`],
    ['another line behind it', `${KEY}\u0007`],
    ['only its type', 'ssh-ed25519'],
  ])('refuses a key with %s', async (_, key) => {
    const wishes = { authorizedKeys: [{ user: 'cvm', keys: [KEY, key] }] }

    expect(await problemsOf([aWisher('10-a', wishes)], {})).toEqual([
      expect.stringMatching(/^10-a: rootfs: authorized-keys: key 2 /),
    ])
  })

  it('refuses a user that two plugins want differently, and takes one that they want alike', async () => {
    const one = aWisher('10-a', { users: [user({ groups: ['a', 'b'] })] })
    const alike = aWisher('20-b', { users: [user({ groups: ['b', 'a'] })] })
    const other = aWisher('30-c', { users: [user({ groups: ['a', 'b'], sudo: 'true' })] })

    expect((await planRootfs([one, alike], {})).plan?.users).toEqual([
      { name: 'cvm', groups: ['a', 'b'], sudo: false, system: false, plugins: ['10-a', '20-b'] },
    ])
    expect(await problemsOf([one, alike, other], {})).toEqual([
      '10-a and 20-b and 30-c: rootfs: want the user cvm differently',
    ])
  })

  it('refuses keys of a system user, who has no home for them', async () => {
    const wisher = aWisher('10-a', {
      users: [user({ system: true })],
      authorizedKeys: [{ user: 'cvm', keys: [KEY] }],
    })

    expect(await problemsOf([wisher], {})).toEqual([expect.stringContaining('cvm is a system user')])
  })

  it('puts together what is said of one path, and refuses what contradicts', async () => {
    const mode = aWisher('10-a', { modes: [{ path: '/etc/x', mode: '0640' }] })
    const owner = aWisher('20-b', { modes: [{ path: '/etc/x', owner: 'root', mode: '0640' }] })
    const other = aWisher('30-c', { modes: [{ path: '/etc/x', mode: '0600' }] })

    expect((await planRootfs([mode, owner], {})).plan?.modes).toEqual([
      { path: '/etc/x', mode: '0640', owner: 'root', plugins: ['10-a', '20-b'] },
    ])
    expect(await problemsOf([mode, owner, other], {})).toEqual([
      '10-a and 20-b and 30-c: rootfs: modes: want /etc/x to have the mode 0640 and 0600',
    ])
  })

  it.each([
    ...['/', '/usr', '/etc', '/boot', '/bin', '/sbin', '/lib', '/lib64', '/libx32', '/var', '/home', '/root', '/dev'],
    ...['/proc', '/sys', '/run', '/opt', '/srv', '/tmp', '/mnt', '/media', '/usr/lib', '/var/lib', '/usr/local'],
    ...['/var/lib/cvm-image-rewriter', '/var/lib/cvm-image-rewriter/run.env'],
  ])('refuses to remove %s', async (path) => {
    expect(await problemsOf([aWisher('10-a', { remove: [path] })], {})).toHaveLength(1)
  })

  it.each(['/etc/motd', '/usr/lib/x', '/var/cache/apt', '/home/old', '/opt/x', '/srv/a b'])(
    'takes %s to be removed',
    async (path) => {
      expect(await problemsOf([aWisher('10-a', { remove: [path] })], {})).toEqual([])
    },
  )

  it('refuses to remove what another plugin gives a mode', async () => {
    const plugins = [
      aWisher('10-a', { remove: ['/etc/x'] }),
      aWisher('20-b', { modes: [{ path: '/etc/x/y', mode: '0600' }] }),
      aWisher('30-c', { modes: [{ path: '/etc/xy', mode: '0600' }] }),
    ]

    expect(await problemsOf(plugins, {})).toEqual([
      '10-a and 20-b: rootfs: want /etc/x to be gone and /etc/x/y to have its mode or owner',
    ])
  })

  it('takes a unit without a suffix for a service, and refuses to enable what another one masks', async () => {
    const one = aWisher('10-a', services({ enable: ['ssh', 'foo.socket'] }))
    const same = aWisher('20-b', services({ enable: ['ssh.service'] }))
    const other = aWisher('30-c', services({ mask: ['ssh'], disable: ['foo.socket'] }))

    expect((await planRootfs([one, same], {})).plan?.enable).toEqual([
      { word: 'ssh.service', plugins: ['10-a', '20-b'] },
      { word: 'foo.socket', plugins: ['10-a'] },
    ])
    expect(await problemsOf([one, same, other], {})).toEqual([
      '10-a and 20-b and 30-c: rootfs: want ssh.service to be enabled and to be masked',
      '10-a and 30-c: rootfs: want foo.socket to be enabled and to be disabled',
    ])
  })
})

import fc from 'fast-check'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { rootfsCloudConfig } from '../../../src/guest/rootfs-cloud-config.js'
import type { RootfsPlan } from '../../../src/model/wishes.js'
import { readCloudConfig } from '../../../src/plugins/cloud-config.js'
import { aRootfsPlan, aUser, KEY, OTHER_KEY } from '../../fixtures/rootfs.js'

const asked = (word: string) => ({ word, plugins: ['10-a'] })

function configOf(plan: RootfsPlan, withDefaultUser = true): Record<string, unknown> {
  const text = rootfsCloudConfig(plan, withDefaultUser) ?? ''
  expect(text.split('\n')[0]).toBe('#cloud-config')
  expect(readCloudConfig(Buffer.from(text), 'x')).toMatchObject({ problems: [], notes: [] })
  return load(text) as Record<string, unknown>
}

describe('rootfsCloudConfig', () => {
  it('is not there when cloud-init has nothing to do', () => {
    const keys = [{ user: 'root', keys: [KEY], plugins: ['10-a'] }]

    expect(rootfsCloudConfig(aRootfsPlan({ remove: [asked('/etc/x')], authorizedKeys: keys }), true)).toBeUndefined()
  })

  it('gives a user keys, rights and groups, with a locked password, behind the user of the distribution', () => {
    const plan = aRootfsPlan({
      users: [aUser({ groups: ['a'], shell: '/bin/sh', sudo: true })],
      authorizedKeys: [{ user: 'cvm', keys: [KEY, OTHER_KEY], plugins: ['10-a'] }],
    })

    expect(configOf(plan)['users']).toEqual([
      'default',
      {
        name: 'cvm',
        lock_passwd: true,
        groups: ['a'],
        shell: '/bin/sh',
        sudo: 'ALL=(ALL) NOPASSWD:ALL',
        ssh_authorized_keys: [KEY, OTHER_KEY],
      },
    ])
  })

  it('gives no rights that were not asked for', () => {
    expect(configOf(aRootfsPlan({ users: [aUser()] }))['users']).toEqual([
      'default',
      { name: 'cvm', lock_passwd: true },
    ])
  })

  it('leaves the choice of the distribution’s user to another part that has a list of users', () => {
    expect(configOf(aRootfsPlan({ users: [aUser()] }), false)['users']).toEqual([{ name: 'cvm', lock_passwd: true }])
  })

  it('has no entry for a user that nobody wants made: cloud-init would change the lock of the password', () => {
    const plan = aRootfsPlan({
      users: [aUser()],
      authorizedKeys: [{ user: 'root', keys: [KEY], plugins: ['10-a'] }],
    })

    expect(JSON.stringify(configOf(plan))).not.toContain('root')
  })

  it('gives a system user no home and no login', () => {
    expect(configOf(aRootfsPlan({ users: [aUser({ system: true })] }))['users']).toContainEqual({
      name: 'cvm',
      lock_passwd: true,
      shell: '/usr/sbin/nologin',
      system: true,
      homedir: '/nonexistent',
    })
  })

  it('makes a user whose own group was asked for too', () => {
    expect(configOf(aRootfsPlan({ groups: [asked('cvm')], users: [aUser()] }))['users']).toContainEqual({
      name: 'cvm',
      lock_passwd: true,
      primary_group: 'cvm',
      no_user_group: true,
    })
  })

  it('has the lists of packages read anew before it installs any', () => {
    expect(configOf(aRootfsPlan({ packages: [asked('jq')] }))).toMatchObject({ package_update: true, packages: ['jq'] })
  })

  it('appends to the lists of other parts', () => {
    expect(configOf(aRootfsPlan({ groups: [asked('tdx')] }))['merge_how']).toEqual([
      { name: 'list', settings: ['append'] },
      { name: 'dict', settings: ['no_replace', 'recurse_list'] },
    ])
  })

  it('D38: keeps whatever stands in the comment of a key: `: `, quotes, # and signs of YAML are data', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (comment) => {
        const key = `${KEY} ${comment}`
        const plan = aRootfsPlan({ users: [aUser()], authorizedKeys: [{ user: 'cvm', keys: [key], plugins: [] }] })

        expect(configOf(plan)['users']).toContainEqual({ name: 'cvm', lock_passwd: true, ssh_authorized_keys: [key] })
      }),
      {
        examples: [
          ['me@host: laptop #1'],
          ['"\'`{}[]&*!|>%@\\'],
          ['\u0085\u2028\u2029\ufeff\uffff'],
          ['x\n- sudo: yes'],
        ],
      },
    )
  })
})

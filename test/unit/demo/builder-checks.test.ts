import { describe, expect, it } from 'vitest'
import { demoPackages, rootProblem, toolsFor, userProblem } from '../../../src/demo/builder-checks.js'

describe('toolsFor', () => {
  it('asks for the programs of xfs and btrfs only where they are used', () => {
    expect(toolsFor('ext4').filter((tool) => /xfs|btrfs/.test(tool))).toEqual([])
    expect(demoPackages.filter((name) => /xfs|btrfs/.test(name))).toEqual([])
    expect(toolsFor('xfs')).toEqual(expect.arrayContaining(['mkfs.xfs', 'xfs_db']))
    expect(toolsFor('btrfs')).toContain('mkfs.btrfs')
  })
})

describe('rootProblem', () => {
  it('finds nothing wrong with a root that has all capabilities', () => {
    expect(rootProblem('Name:\tnode\nCapEff:\t000001ffffffffff\n')).toBeUndefined()
  })

  it('looks at bit 21 and at no other', () => {
    expect(rootProblem('CapEff:\t0000000000200000\n')).toBeUndefined()
    expect(rootProblem('CapEff:\t000001ffffdfffff\n')).toBeDefined()
  })

  it('names the missing capability in a plain container', () => {
    expect(rootProblem('CapEff:\t00000000a80425fb\n')?.message).toContain('CAP_SYS_ADMIN')
  })
})

describe('userProblem', () => {
  const user = { username: 'ada', uid: 1000 }
  const fine = {
    subuid: 'ada:100000:65536\n',
    subgid: '1000:100000:65536\n',
    maxNamespaces: '9000\n',
    cloneAllowed: '',
  }

  it('finds nothing wrong with subordinate ids by name or by number', () => {
    expect(userProblem(user, fine)).toBeUndefined()
  })

  it.each([
    ['no range', { subuid: '' }, '/etc/subuid'],
    ['the range of somebody else', { subgid: 'adam:100000:65536\n' }, '/etc/subgid'],
    ['a range that is too small', { subuid: 'ada:100000:1000\n' }, '/etc/subuid'],
    ['namespaces limited to none', { maxNamespaces: '0\n' }, 'namespaces'],
    ['namespaces switched off', { cloneAllowed: '0\n' }, 'namespaces'],
  ])('says what is missing with %s', (_what, change, word) => {
    expect(userProblem(user, { ...fine, ...change })?.message).toContain(word)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GrubWishes, ImaWishes } from '../../../src/model/manifest.js'
import type { Plugin } from '../../../src/model/plugin.js'
import { wrongLabelDirectory } from '../../../src/plugins/manifest/ima-label-directory.js'
import { planIma } from '../../../src/plugins/manifest/ima-plan.js'
import type { Wisher } from '../../../src/plugins/manifest/plan-wishes.js'
import { aPlugin } from '../../fixtures/builders.js'

const ANCHOR = expect.stringMatching(/PCR 10 of the machine's TPM.*in a TD without a TPM nothing anchors it/)

describe('planIma', () => {
  it('gives one plan and the kernel arguments of each plugin', () => {
    const whole = aWisher('20-a', { policy: 'my/policy', appraise: '$MODE', hash: 'sha384', label: ['/usr', '/etc'] })
    const more = aWisher('30-b', { label: ['/srv/a b'] })

    expect(planIma([whole, more], { MODE: 'enforce' }, [])).toEqual({
      plan: {
        policy: { path: '/plugins/pre-stage/20-a/my/policy', plugin: '20-a' },
        appraise: { mode: 'enforce', plugins: ['20-a'] },
        hash: 'sha384',
        label: [
          { word: '/usr', plugins: ['20-a'] },
          { word: '/etc', plugins: ['20-a'] },
          { word: '/srv/a b', plugins: ['30-b'] },
        ],
      },
      grub: [
        { plugin: '20-a', words: ['ima_appraise=enforce', 'ima_hash=sha384'] },
        { plugin: '30-b', words: [] },
      ],
      problems: [],
      notes: [],
      runNotes: [ANCHOR],
    })
  })

  it('wants nothing when nobody does, whoever ships a policy', () => {
    expect(planIma([aWisher('20-a', undefined)], {}, ['30-b'])).toEqual({ grub: [], problems: [], notes: [] })
  })

  it('makes SHA-256 labels without a word about the hash to the kernel', () => {
    const { plan, grub } = planIma([aWisher('20-a', { label: ['/usr'] })], {}, [])

    expect(plan?.hash).toBe('sha256')
    expect(grub).toEqual([{ plugin: '20-a', words: [] }])
  })

  it('refuses two policies and names both plugins', () => {
    const wishers = [aWisher('20-a', { policy: 'one' }), aWisher('30-b', { policy: 'two' })]

    expect(problemsOf(wishers)).toEqual(['20-a and 30-b: have an IMA policy, and the kernel takes one'])
  })

  it('refuses a policy beside the one in the files/ of another plugin, and beside a second one of its own', () => {
    const wisher = aWisher('20-a', { policy: 'one' })

    expect(problemsOf([wisher], {}, ['30-b'])).toEqual([
      '20-a and 30-b: have an IMA policy (the latter as files/etc/ima/ima-policy), and the kernel takes one',
    ])
    expect(problemsOf([wisher], {}, ['20-a'])).toEqual([
      '20-a: has two IMA policies, its ima.policy and files/etc/ima/ima-policy',
    ])
  })

  it('takes the policy that a plugin names and ships as the same file', () => {
    expect(problemsOf([aWisher('20-a', { policy: 'files/etc/./ima/ima-policy' })], {}, ['20-a'])).toEqual([])
  })

  it.each([
    ['appraise', 'log', 'enforce'],
    ['hash', 'sha256', 'sha512'],
  ])('refuses different values of %s, says which, and gives grub only one', (key, one, other) => {
    const label = ['/usr']
    const wishers = [aWisher('20-a', { [key]: one, label }), aWisher('30-b', { [key]: other, label })]

    expect(problemsOf(wishers)).toEqual([`20-a and 30-b: want ima.${key} to be ${one} and ${other}`])
    expect(planIma(wishers, {}, []).grub.flatMap(({ words }) => words)).toEqual([`ima_${key}=${one}`])
  })

  it('takes the same wish of two plugins, and says so of directories', () => {
    const same = { appraise: 'log', hash: 'sha256', label: ['/usr'] }
    const { problems, notes, plan } = planIma([aWisher('20-a', same), aWisher('30-b', same)], {}, ['20-a'])

    expect(problems).toEqual([])
    expect(notes).toEqual(['20-a, 30-b: all label /usr'])
    expect(plan?.appraise?.plugins).toEqual(['20-a', '30-b'])
  })

  it('refuses a value of an option that is none of the words, without showing it', () => {
    const wisher = aWisher('20-a', { appraise: '$A', hash: '$H', label: ['$L'] })

    const { plan, problems } = planIma([wisher], { A: 'geheim', H: 'geheim', L: '/run/geheim' }, ['20-a'])

    expect(problems.map(({ what }) => what)).toEqual([
      'ima.appraise: an option has a value that is not one of log, enforce',
      'ima.hash: an option has a value that is not one of sha256, sha384, sha512',
      'ima.label: /run is made anew at every boot; nothing in it keeps a label',
    ])
    expect(JSON.stringify({ ...plan, label: [], problems })).not.toContain('geheim')
  })

  it('says which option left something out', () => {
    const wisher = aWisher('20-a', { policy: 'p', appraise: '$MODE', label: ['$MODE', '/usr'] })

    expect(planIma([wisher], { MODE: '' }, []).runNotes).toEqual(['20-a: MODE not given: ima does without', ANCHOR])
  })

  it('D51: refuses enforce before the boot when nothing is labelled at all', () => {
    const wisher = aWisher('20-a', { policy: 'p', appraise: 'enforce', label: ['$DIRECTORY'] })

    expect(problemsOf([wisher])).toEqual([
      '20-a: ima.appraise is enforce, and no plugin has an ima.label: the kernel would refuse every file',
    ])
    expect(problemsOf([wisher, aWisher('30-b', { label: ['/usr'] })])).toEqual([])
    expect(problemsOf([aWisher('20-a', { policy: 'p', appraise: 'log' })])).toEqual([])
  })

  it('says that appraising without a policy leaves only the built-in one, unless somebody brings or chooses one', () => {
    const wisher = aWisher('20-a', { appraise: 'log' })
    const lonely = /^20-a: ima.appraise without a policy in any plugin: only the kernel's built-in policy counts/
    const notesWith = (...given: Parameters<typeof planIma>) => planIma(...given).notes

    expect(notesWith([wisher], {}, [])).toEqual([expect.stringMatching(lonely)])
    expect(notesWith([wisher], {}, ['30-b'])).toEqual([])
    const chooses = aWisher('30-b', undefined, { manifest: grubOf(['ima_policy=$P']) })
    expect(notesWith([wisher, chooses], { P: 'appraise_tcb' }, [])).toEqual([])
    expect(notesWith([wisher, chooses], {}, [])).toEqual([expect.stringMatching(lonely)])
    const scripted = aWisher(
      '20-a',
      { appraise: 'log' },
      { hostRun: { path: 'host_run.sh', interpreter: ['/bin/sh'] } },
    )
    expect(notesWith([scripted], {}, [])[0]).toMatch(/counts unless the host_run.sh of 20-a writes one$/)
  })

  it('D46: says that a built-in policy beside one of a plugin counts only until that is loaded', () => {
    const chooses = aWisher('10-b', undefined, { manifest: grubOf(['quiet', 'ima_policy=tcb']) })

    expect(planIma([chooses, aWisher('20-a', { policy: 'p' })], {}, []).notes).toEqual([
      '10-b: ima_policy=tcb counts only until systemd loads the policy of 20-a',
    ])
  })

  it('D49: says plainly what anchors the log, wherever something is measured', () => {
    expect(planIma([aWisher('20-a', { policy: 'p' })], {}, []).runNotes).toEqual([ANCHOR])
    expect(planIma([aWisher('20-a', { label: ['/usr'] })], {}, []).runNotes).toEqual([])
  })
})

describe('wrongLabelDirectory', () => {
  it('D55: refuses what is no directory of the disk', () => {
    for (const path of [
      '/dev',
      '/dev/shm',
      '/proc/1',
      '/sys',
      '/run/lock',
      'usr',
      '/',
      '/usr/',
      '//usr',
      '/a/../b',
      '/a\nb',
    ])
      expect(wrongLabelDirectory(path), path).toBeTypeOf('string')
  })

  it('takes every absolute path without odd steps', () => {
    const step = fc.stringMatching(/^[\w .äé-]{1,12}$/).filter((name) => !/^\.{1,2}$|^(?:dev|proc|run|sys)$/.test(name))
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => {
        expect(wrongLabelDirectory(`/${steps.join('/')}`)).toBeUndefined()
      }),
    )
  })
})

function aWisher(name: string, ima: Partial<ImaWishes> | undefined, more: Partial<Plugin> = {}): Wisher {
  const requires = { options: [], host: [], guest: [], before: [], after: [] }
  const manifest = { options: [], requires, ...(ima && { ima: { label: [], ...ima } }), ...more.manifest }
  return { ...aPlugin({ name, ...more }), manifest }
}

function grubOf(add: readonly string[]): NonNullable<Plugin['manifest']> {
  const grub: GrubWishes = { add, remove: [], modules: [] }
  return { options: [], requires: { options: [], host: [], guest: [], before: [], after: [] }, grub }
}

function problemsOf(...[wishers, values = {}, shippers = []]: [readonly Wisher[], Record<string, string>?, string[]?]) {
  return planIma(wishers, values, shippers).problems.map(({ where, what }) => `${where}: ${what}`)
}

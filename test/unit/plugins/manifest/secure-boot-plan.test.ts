import { describe, expect, it } from 'vitest'
import type { Wisher } from '../../../../src/plugins/manifest/plan-wishes.js'
import { manifestFrom } from '../../../../src/plugins/manifest/read-manifest.js'
import { planSecureBoot } from '../../../../src/plugins/manifest/secure-boot-plan.js'
import { aPlugin } from '../../../fixtures/builders.js'

const DIGEST = 'AB'.repeat(32)

async function problemsOf(yaml: string): Promise<readonly string[]> {
  const found = { problems: [], notes: [] as string[] }
  await manifestFrom(Buffer.from(yaml), 'plugin.yaml', found)
  return found.problems.map(({ what }: { readonly what: string }) => what)
}

async function aWisher(name: string, yaml: string): Promise<Wisher> {
  const found = { problems: [], notes: [] }
  const manifest = await manifestFrom(Buffer.from(yaml), 'plugin.yaml', found)
  expect(found.problems).toEqual([])
  if (manifest === undefined) throw new Error('no manifest')
  return { ...aPlugin({ name, dir: `/plugins/${name}` }), manifest }
}

describe('planSecureBoot', () => {
  it('takes a directory for PK, KEK, db and the signer of everything that boots', async () => {
    const { plan, problems } = planSecureBoot([await aWisher('20-keys', 'secure-boot: {keys: keys}')], {})

    expect(problems).toEqual([])
    const dir = '/plugins/20-keys/keys'
    expect(plan).toEqual({
      pk: { word: `${dir}/PK.pem`, plugins: ['20-keys'] },
      kek: [{ word: `${dir}/KEK.pem`, plugins: ['20-keys'] }],
      db: [{ word: `${dir}/db.pem`, plugins: ['20-keys'] }],
      dbx: [],
      mok: [],
      microsoft: false,
      sign: { key: `${dir}/db.key`, cert: `${dir}/db.pem`, what: ['shim', 'grub', 'systemd-boot', 'kernel', 'uki'] },
      plugins: ['20-keys'],
    })
  })

  it('wants nothing at all while an option of it has no value', async () => {
    const yaml = 'options: {KEYS: {type: path}}\nsecure-boot: {keys: $KEYS, mok: [a.pem]}'

    expect(planSecureBoot([await aWisher('20-keys', yaml)], {})).toEqual({
      problems: [],
      notes: [],
      runNotes: ['20-keys: KEYS not given: nothing to do for Secure Boot'],
    })
    expect(planSecureBoot([await aWisher('20-keys', yaml)], { KEYS: '/k' }).plan?.pk?.word).toBe('/k/PK.pem')
  })

  it('adds up certificates of several plugins, and signs what any of them names', async () => {
    const { plan, problems } = planSecureBoot(
      [
        await aWisher(
          '20-a',
          `secure-boot: {keys: {pk: a.pem, db: [/x.pem], dbx: [${DIGEST}, bad.efi]}, what: [grub]}`,
        ),
        await aWisher(
          '21-b',
          'secure-boot: {keys: {db: [/x.pem, /y.pem]}, microsoft: true, what: [kernel], mok: [m.pem]}',
        ),
        await aWisher('22-c', 'secure-boot: {sign: {key: k, cert: c}, what: [kernel]}'),
      ],
      {},
    )

    expect(problems).toEqual([])
    expect(plan).toMatchObject({
      db: [
        { word: '/x.pem', plugins: ['20-a', '21-b'] },
        { word: '/y.pem', plugins: ['21-b'] },
      ],
      dbx: [{ word: DIGEST.toLowerCase() }, { word: '/plugins/20-a/bad.efi' }],
      mok: [{ word: '/plugins/21-b/m.pem' }],
      microsoft: true,
      sign: { key: '/plugins/22-c/k', cert: '/plugins/22-c/c', what: ['grub', 'kernel'] },
    })
  })

  it('signs no more when another plugin has certificates, but no signer', async () => {
    const signing = await aWisher('20-a', 'secure-boot: {keys: keys, what: [kernel]}')
    const { plan } = planSecureBoot([signing, await aWisher('21-b', 'secure-boot: {mok: [m.pem]}')], {})

    expect(plan?.sign?.what).toEqual(['kernel'])
  })

  const optional = (rest: string) =>
    `options: {KEY: {type: path}, CERT: {type: path}}\nsecure-boot: {${rest}guest-signer: {key: $KEY, cert: $CERT}}`

  it('gives the guest a key only when its options have values', async () => {
    const wisher = await aWisher('20-a', optional('keys: keys, '))

    expect(planSecureBoot([wisher], {}).plan).toMatchObject({ pk: { word: '/plugins/20-a/keys/PK.pem' } })
    expect(planSecureBoot([wisher], {}).plan?.guestSigner).toBeUndefined()
    expect(planSecureBoot([wisher], { KEY: '/k', CERT: '/c' }).plan?.guestSigner).toEqual({
      key: '/k',
      cert: '/c',
      plugins: ['20-a'],
    })
  })

  it('wants nothing when there is only a guest-signer, and its options have no value', async () => {
    expect(planSecureBoot([await aWisher('20-a', optional(''))], {})).toEqual({
      problems: [],
      notes: [],
      runNotes: ['20-a: KEY, CERT not given: nothing to do for Secure Boot'],
    })
  })

  it('refuses a key for the guest without its certificate', async () => {
    const { problems } = planSecureBoot([await aWisher('20-a', optional('keys: keys, '))], { KEY: '/k' })

    expect(problems).toEqual([
      {
        code: 'PLUGIN_INVALID',
        where: '/plugins/20-a/plugin.yaml',
        what: 'secure-boot.guest-signer: KEY is given, and CERT is not; it takes key and certificate',
      },
    ])
  })

  it('signs nothing when nothing is named', async () => {
    const { plan } = planSecureBoot([await aWisher('20-a', 'secure-boot: {keys: keys, what: []}')], {})

    expect(plan?.sign).toBeUndefined()
    expect(plan?.pk).toBeDefined()
  })

  it.each([
    [
      'two platform keys',
      'keys: {pk: /a.pem}',
      'keys: {pk: /b.pem}',
      /20-a wants \/a\.pem, 21-b wants \/b\.pem as platform key$/,
    ],
    [
      'two signers',
      'sign: {key: /a, cert: /c}',
      'sign: {key: /b, cert: /c}',
      /20-a wants \/a, \/c, 21-b wants \/b, \/c as signer/,
    ],
    [
      'two signers in the guest',
      'guest-signer: {key: /a, cert: /c}',
      'guest-signer: {key: /b, cert: /c}',
      /20-a wants \/a, \/c, 21-b wants \/b, \/c as signer in the guest/,
    ],
    ['Microsoft and not', 'microsoft: true', 'microsoft: false', /20-a wants Microsoft's certificates, 21-b does not$/],
  ])('refuses %s, with both plugins', async (_, one, other, words) => {
    const { problems } = planSecureBoot(
      [await aWisher('20-a', `secure-boot: {${one}}`), await aWisher('21-b', `secure-boot: {${other}}`)],
      {},
    )

    expect(problems).toEqual([
      { code: 'PLUGIN_INVALID', where: '/plugins/21-b/plugin.yaml', what: expect.stringMatching(words) },
    ])
  })

  it.each([
    ['secure-boot: {keys: {pg: a}}', /"pg".*pk/s],
    ['secure-boot: {what: [initrd]}', /what.*one of shim, grub, systemd-boot, kernel, uki/],
    ['secure-boot: {sign: {key: a}}', /cert/],
    ['secure-boot: {guest-signer: {key: a}}', /guest-signer.*cert/],
    ['secure-boot: {keys: $KEYS}', /not among this plugin's options/],
  ])('is not made of %s', async (yaml, words) => {
    expect((await problemsOf(yaml)).join('\n')).toMatch(words)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grubWishesText } from '../../../../src/guest/grub-wishes.js'
import { planGrub } from '../../../../src/plugins/manifest/grub-plan.js'
import { aGrubWisher } from './a-manifest.js'

describe('planGrub', () => {
  it('has no plan when nobody wants anything', () => {
    expect(planGrub([aGrubWisher('10-a', {})], {})).toEqual({ problems: [], notes: [], runNotes: [] })
  })

  it('merges what plugins want, in their order, with who asked; what several ask for is noted', () => {
    const plugins = [
      aGrubWisher('10-a', { add: ['ima_hash=sha384', 'console=hvc0'], remove: ['quiet'], timeout: 0 }),
      aGrubWisher('20-b', { add: ['a=1', 'ima_hash=sha384', 'console=ttyS0'], modules: ['tpm'], timeout: 0 }),
    ]

    expect(planGrub(plugins, {})).toEqual({
      plan: {
        add: [
          { word: 'ima_hash=sha384', plugins: ['10-a', '20-b'] },
          { word: 'console=hvc0', plugins: ['10-a'], beside: true },
          { word: 'a=1', plugins: ['20-b'] },
          { word: 'console=ttyS0', plugins: ['20-b'], beside: true },
        ],
        remove: [{ word: 'quiet', plugins: ['10-a'] }],
        modules: [{ word: 'tpm', plugins: ['20-b'] }],
        timeout: { word: '0', plugins: ['10-a', '20-b'] },
      },
      problems: [],
      notes: ['10-a, 20-b: all ask for ima_hash=sha384; it is done once'],
      runNotes: [],
    })
  })

  it('takes arguments that follow from other wishes', () => {
    const { plan } = planGrub([], {}, [{ plugin: '98-ima', words: ['ima_appraise=log'] }])

    expect(plan?.add).toEqual([{ word: 'ima_appraise=log', plugins: ['98-ima'] }])
  })

  it('takes several arguments from an option, with blanks or in a list', () => {
    const wishers = [aGrubWisher('10-a', { add: ['$WORDS', 'x=$ONE'], remove: ['$GONE'] })]
    const { plan, runNotes } = planGrub(wishers, { WORDS: 'a=1  b=2\nc', GONE: 'quiet splash', ONE: '7' })

    expect(plan?.add.map(({ word }) => word)).toEqual(['a=1', 'b=2', 'c', 'x=7'])
    expect(plan?.remove.map(({ word }) => word)).toEqual(['quiet', 'splash'])
    expect(runNotes).toEqual([])
  })

  it('tells of a plugin that wants nothing because its options have no value, and not one that still wants something', () => {
    const wishers = [
      aGrubWisher('10-a', { add: ['$ADD', 'x=$ADD'], remove: ['$GONE'] }),
      aGrubWisher('20-b', { add: ['$ADD'], timeout: 1 }),
    ]

    expect(planGrub(wishers, { GONE: '' }).runNotes).toEqual([
      '10-a: ADD, GONE not given: nothing to do for the boot loader',
    ])
  })

  it.each<[string, Parameters<typeof aGrubWisher>[1], Parameters<typeof aGrubWisher>[1], string]>([
    [
      'an argument to be there and to be gone',
      { add: ['quiet'] },
      { remove: ['quiet'] },
      '10-a wants quiet to be there, 20-b wants quiet to be gone; an argument that is added replaces the others of its name by itself',
    ],
    [
      'an argument to be there and its name to be gone',
      { remove: ['mem_x'] },
      { add: ['mem-x=4'] },
      '20-b wants mem-x=4 to be there, 10-a wants mem_x to be gone; an argument that is added replaces the others of its name by itself',
    ],
    [
      'two values of an argument that counts once',
      { add: ['loglevel=3'] },
      { add: ['loglevel=4'] },
      '10-a wants loglevel=3, 20-b wants loglevel=4, of which only the last would count',
    ],
    [
      'two timeouts',
      { timeout: 0 },
      { timeout: 5 },
      '10-a wants the menu to wait 0, 20-b wants the menu to wait 5 seconds',
    ],
  ])('refuses %s, at the plugin that comes later', (_, one, other, what) => {
    const { problems } = planGrub([aGrubWisher('10-a', one), aGrubWisher('20-b', other)], {})

    expect(problems).toEqual([{ code: 'PLUGIN_INVALID', where: '/plugins/pre-stage/20-b/plugin.yaml', what }])
  })

  it('refuses two values in one plugin too', () => {
    const { problems } = planGrub([aGrubWisher('10-a', { add: ['a=1', 'a=2'] })], {})

    expect(problems.map(({ what }) => what)).toEqual([
      '10-a wants a=1, 10-a wants a=2, of which only the last would count',
    ])
  })

  it.each(['console', 'ima_policy', 'memmap', 'rd.luks.uuid', 'systemd.mask', 'rd.systemd.mask', 'ip', 'crashkernel'])(
    'takes two values of %s, which stand beside each other',
    (name) => {
      const { problems, plan } = planGrub([aGrubWisher('10-a', { add: [`${name}=1`, `${name}=2`] })], {})

      expect(problems).toEqual([])
      expect(plan?.add.map(({ beside }) => beside)).toEqual([true, true])
    },
  )

  it.each(['systemd.unit', 'root', 'ima_hash', 'mitigations', 'module_blacklist', 'rd.timeout'])(
    'knows that %s counts once',
    (name) => {
      const { problems } = planGrub([aGrubWisher('10-a', { add: [`${name}=1`, `${name}=2`] })], {})

      expect(problems).toHaveLength(1)
    },
  )

  it('lets a value be removed while another one is added', () => {
    expect(planGrub([aGrubWisher('10-a', { add: ['a=2'], remove: ['a=1'] })], {}).problems).toEqual([])
  })

  it.each([
    'a"b',
    "a'b",
    'a;reboot',
    'a$(id)',
    '`id`',
    'a&b',
    'a|b',
    '-x',
    '--',
    'a\\b',
    'a#b',
    'a$B',
    '{a}',
    'a*',
    '~',
    '=',
  ])('refuses %j in an option, by its name and without repeating it', (value) => {
    const { problems, plan } = planGrub([aGrubWisher('10-a', { add: ['$WORDS'], remove: ['ok'] })], { WORDS: value })

    expect(problems).toEqual([
      { code: 'PLUGIN_INVALID', where: 'WORDS', what: expect.stringContaining('(an option of 10-a)') },
    ])
    expect(JSON.stringify([problems, plan])).not.toContain(JSON.stringify(value).slice(1, -1))
  })

  it('lets nothing into the wishes for the guest that is not one word in one column, whatever options hold', () => {
    const nasty = fc.string({
      unit: fc.constantFrom(
        ...['a', '=', ' ', '\t', '\n', '\r', '"', "'", '\\', '$', ';', '\u0000', 'ü', '-', '\u00a0'],
      ),
    })
    fc.assert(
      fc.property(nasty, nasty, (one, other) => {
        const plugins = [aGrubWisher('10-a', { add: ['$ONE', 'x=$OTHER'], remove: ['$OTHER'] })]
        const { plan } = planGrub(plugins, { ONE: one, OTHER: other })
        const text = plan === undefined ? '' : grubWishesText(plan)

        for (const line of text.split('\n').slice(0, -1)) {
          expect(line).toMatch(/^(?:add|add-beside|remove)\t[A-Za-z0-9_.][^\s"'\\$;]*\t10-a$/)
        }
      }),
    )
  })
})

describe('grubWishesText', () => {
  it('is a line for each wish', () => {
    const plugins = [
      aGrubWisher('10-a', { add: ['a=1', 'console=hvc0'], remove: ['quiet'], modules: ['tpm'], timeout: 0 }),
      aGrubWisher('20-b', { add: ['a=1'] }),
    ]
    const { plan } = planGrub(plugins, {})

    expect(plan && grubWishesText(plan)).toBe(
      'add\ta=1\t10-a, 20-b\nadd-beside\tconsole=hvc0\t10-a\nremove\tquiet\t10-a\nmodule\ttpm\t10-a\ntimeout\t0\t10-a\n',
    )
  })
})

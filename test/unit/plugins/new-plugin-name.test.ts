import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isReserved } from '../../../src/plugins/manifest/reserved-names.js'
import { newPluginName, optionPrefix, sameNumber, userName } from '../../../src/plugins/new-plugin-name.js'
import { type PluginName, parsePluginName } from '../../../src/plugins/plugin-name.js'

function named(name: string): PluginName {
  const parsed = parsePluginName(name)
  if (parsed === undefined) throw new Error(name)
  return parsed
}

describe('newPluginName', () => {
  it('takes a full name as it is', () => {
    expect(newPluginName('07-a.b_c', ['07-other'])).toEqual({
      kind: 'good',
      name: { name: '07-a.b_c', number: 7, title: 'a.b_c' },
      numberChosen: false,
    })
  })

  it.each([
    [[], '20-hello'],
    [['20-a', '30-b', 'README.md'], '40-hello'],
    [['20-a', '30-b', '40-c', '50-d', '60-e', '70-f', '80-g'], '01-hello'],
  ])('chooses a number beside %j', (taken, name) => {
    expect(newPluginName('hello', taken)).toMatchObject({ kind: 'good', name: { name }, numberChosen: true })
  })

  it.each([
    ['3-netplan', '03-netplan'],
    ['003-netplan', '03-netplan'],
    ['20-Hello', '20-hello'],
    ['20 hello world', '20-hello-world'],
    ['Größe', '20-gro-e'],
    ['20-hello.', '20-hello'],
    ['20_hello', '20-hello'],
    ['1234-x', '20-x'],
    ['../../etc', '20-etc'],
    ['20-', undefined],
    ['', undefined],
    ['20', undefined],
  ])('says of %j that it is no name, and what it was meant to be: %j', (typed, nearest) => {
    expect(newPluginName(typed, [])).toEqual({ kind: 'wrong', why: expect.any(String), nearest })
  })

  it('gives and suggests only names that a run would take, one path component each', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.constantFrom('20-a', '30-a', 'x')), (typed, taken) => {
        const result = newPluginName(typed, taken)
        const name = result.kind === 'good' ? result.name.name : result.nearest
        if (name !== undefined) expect(parsePluginName(name)?.name).toBe(name)
      }),
    )
  })
})

describe('sameNumber', () => {
  it('names the plugins that have it', () => {
    expect(sameNumber(named('20-x'), ['20-a', '02-b', '20-c', 'notes'])).toEqual(['20-a', '20-c'])
  })
})

describe('words made of a title', () => {
  it.each([
    ['20-hello', 'HELLO', 'hello'],
    ['20-my.app-2', 'MY_APP_2', 'my-app-2'],
    ['20-9p', 'PLUGIN_9P', '_9p'],
    ['20-apt-x', 'PLUGIN_APT_X', 'apt-x'],
    [`20-${'a'.repeat(60)}`, 'A'.repeat(31), 'a'.repeat(31)],
  ])('%s: %s for options, %s for a user', (name, prefix, user) => {
    expect([optionPrefix(named(name)), userName(named(name))]).toEqual([prefix, user])
  })

  it('are what the schema takes, whatever the title', () => {
    const title = fc.stringMatching(/^[a-z0-9](?:[a-z0-9._-]{0,40}[a-z0-9_-])?$/)
    fc.assert(
      fc.property(title, (text) => {
        const name = named(`20-${text}`)
        expect(`${optionPrefix(name)}_COLOUR`).toMatch(/^[A-Z][A-Z0-9_]{0,63}$/)
        expect(isReserved(`${optionPrefix(name)}_COLOUR`)).toBe(false)
        expect(userName(name)).toMatch(/^[a-z_][a-z0-9_-]{0,31}$/)
      }),
    )
  })
})

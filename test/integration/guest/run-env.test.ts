import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runEnvText } from '../../../src/guest/run-env.js'

const RUN = { nonce: 'abc', payloadBytes: 0, payloadHasUnits: false, diskGrown: false, emulated: false }

/** The values as a child of a real sh sees them after it has read the text. */
function readBySh(variables: Readonly<Record<string, string>>): string[] {
  const text = `${runEnvText({ ...RUN, variables })}exec env -0\n`
  const seen = execFileSync('/bin/sh', ['-s'], { input: text, env: { PATH: '/usr/bin:/bin' } }).toString('utf8')
  const all = new Map(
    seen.split('\0').map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
  return Object.keys(variables).map((name) => all.get(name) ?? '(absent)')
}

describe('runEnvText', () => {
  it('gives every value to a real sh byte for byte', () => {
    const nasty = fc.string({
      unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', '!', '*', '~', '#', ';', '&', '=', '%', 'ü', 'a'),
    })
    const value = fc.oneof(nasty, fc.string({ unit: 'grapheme' })).filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), (values) => {
        const variables = Object.fromEntries(values.map((each, index) => [`GUEST_V${index}`, each]))

        expect(readBySh(variables)).toEqual(values)
      }),
      { numRuns: 25 },
    )
  })

  it.each(["'", "''", "'\\''", '$(reboot)', '`reboot`', '\\', 'a\nexport PATH=/x\n', '-n', ''])(
    'gives %j back',
    (value) => {
      expect(readBySh({ GUEST_X: value })).toEqual([value])
    },
  )
})

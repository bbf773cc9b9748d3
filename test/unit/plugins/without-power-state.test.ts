import { describe, expect, it } from 'vitest'
import { withoutPowerState } from '../../../src/plugins/without-power-state.js'

const HEAD = '#cloud-config\nmerge_how: dict(no_replace,recurse_list)+list(append)\n'

function cut(text: string): string | undefined {
  return withoutPowerState(Buffer.from(HEAD + text))
    ?.toString()
    .slice(HEAD.length)
}

describe('withoutPowerState', () => {
  it.each([
    ['a block', 'power_state:\n  mode: poweroff\n  delay: now\nruncmd: [a]\n', '\n\n\nruncmd: [a]\n'],
    ['one line', 'power_state: {mode: poweroff}\nruncmd: [a]\n', '\nruncmd: [a]\n'],
    ['a quoted key', '"power_state":\n  mode: poweroff\n', '\n\n'],
    ['the end of the file', 'runcmd: [a]\npower_state:\n  mode: poweroff', 'runcmd: [a]\n\n'],
    ['gaps and comments in it', 'power_state:\n  a: 1\n\n# why\n  b: 2\nx: 1\n', '\n\n\n\n\nx: 1\n'],
    ['line ends of DOS', 'power_state:\r\n  mode: poweroff\r\n\r\nx: 1\r\n', '\n\n\r\nx: 1\r\n'],
  ])('puts empty lines in the place of %s', (_title, text, expected) => {
    expect(cut(text)).toBe(expected)
  })

  it('keeps the comment that belongs to the next key', () => {
    expect(cut('power_state:\n  a: 1\n\n# next\nx: 1\n')).toBe('\n\n\n# next\nx: 1\n')
  })

  it.each([
    ['there is none', 'runcmd: [a]\n'],
    ['it is only in a text', 'x: |\n  power_state: 1\n'],
    ['something else refers to it', 'power_state: &p {mode: halt}\nx: *p\n'],
    ['it is in a mapping in braces', '{power_state: {mode: halt}, x: 1}\n'],
  ])('changes nothing when %s', (_title, text) => {
    expect(cut(text)).toBeUndefined()
  })
})

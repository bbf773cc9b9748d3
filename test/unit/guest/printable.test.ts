import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printable } from '../../../src/guest/printable.js'

describe('printable', () => {
  it.each([
    ['keeps plain text', 'hello, wörld 你好 🙂', 'hello, wörld 你好 🙂'],
    ['removes colours as wholes', '[\x1b[0;32m  OK  \x1b[0m] Reached', '[  OK  ] Reached'],
    ['removes a window title', 'a\x1b]0;evil\x07b', 'ab'],
    ['removes a hyperlink that ends with ST', '\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\', 'text'],
    ['removes a device control string', 'a\x1bP1;2|data\x1b\\b', 'ab'],
    ['removes an unfinished title up to the end of the line', 'a\x1b]0;evil\nb', 'a b'],
    ['removes 8-bit sequences', 'a\u009b31mb\u009dtitle\u009cc', 'abc'],
    ['removes short sequences', 'a\x1bMb\x1b(Bc\x1b7d', 'abcd'],
    ['removes a lone escape', 'a\x1b', 'a'],
    ['turns line breaks and tabs into one space', 'a\r\n\tb\u2028c', 'a b c'],
    ['removes NUL, backspace and DEL', 'a\0b\bc\x7fd', 'abcd'],
    ['removes bidi controls and zero-width characters', 'a\u202eb\u2066c\u200bd\ufeffe', 'abcde'],
    ['replaces lone surrogates', 'a\ud800b', 'a\ufffdb'],
  ])('%s', (_title, given, wanted) => {
    expect(printable(given)).toBe(wanted)
  })

  it('cuts long text and says how much is missing', () => {
    expect(printable('x'.repeat(30), 10)).toBe(`${'x'.repeat(10)}… (+20 characters)`)
  })

  it('does not cut a surrogate pair in half', () => {
    expect(printable('abc🙂def', 4)).toBe('abc… (+5 characters)')
  })

  it('never lets a control or format character out', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\x1b[', '\x1b]', '\x9b', '\x1b', '\x07', '31m', '\x1bP', '\u202e', '\ud83d', '\n'),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const out = printable(pieces.join(''))
        expect(out).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
        expect(Buffer.from(out, 'utf8').toString('utf8')).toBe(out)
      }),
      { numRuns: 2000 },
    )
  })

  it('takes linear time for a megabyte of unfinished sequences', () => {
    const started = performance.now()
    printable('\x1b]'.repeat(500_000))
    printable(`\x1b[${'0'.repeat(1_000_000)}`)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

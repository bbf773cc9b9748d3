import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { element, xmlText } from '../../../src/launch/xml-text.js'

/** Every `each` element of a document as an XML parser reads it: its attribute and its text. */
const READER = `
import json, sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
print(json.dumps([[each.get("a"), each.text or ""] for each in root]))
`

describe('xmlText', () => {
  it('writes text and attributes so that a parser reads the same', () => {
    const text = fc
      .oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'<>&\'"\n\t\r ]]>a') }))
      .filter((each) => /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u.test(each))
    // One document for all: a parser takes long to start.
    const pairs = fc.sample(fc.tuple(text, text), 200)
    const xml = xmlText(
      element(
        'all',
        {},
        pairs.map(([a, inner]) => element('each', { a }, inner)),
      ),
    )
    const { stdout } = spawnSync('python3', ['-c', READER], { input: xml, encoding: 'utf8' })

    expect(JSON.parse(stdout)).toEqual(pairs)
  })

  it('indents, and leaves out attributes that are undefined', () => {
    expect(xmlText(element('a', { x: 1, y: undefined }, [element('b', {}, 'text'), element('c')]))).toBe(
      "<a x='1'>\n  <b>text</b>\n  <c/>\n</a>\n",
    )
  })

  it.each(['\0', '\u0001', '\uFFFE', '\uD800'])('refuses %j, which XML cannot hold', (character) => {
    expect(() => xmlText(element('a', {}, character))).toThrow(expect.objectContaining({ code: 'LAUNCH_INVALID' }))
    expect(() => xmlText(element('a', { x: character }))).toThrow(expect.objectContaining({ code: 'LAUNCH_INVALID' }))
  })
})

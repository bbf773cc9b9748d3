import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../../../src/launch/identity/canonical-json.js'

function canonical(text: string | Buffer): string {
  const json = canonicalJson(Buffer.from(text))
  return json.ok ? json.bytes.toString('utf8') : `refused: ${json.why}`
}

/** RFC 8785, appendix B: IEEE 754 bits and what they are written as. */
const NUMBERS = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
] as const

/** The examples of RFC 8785, 3.2.2 and 3.2.3, and one of the test data of its authors: github.com/cyberphone/json-canonicalization. */
const DOCUMENTS = [
  [
    'the example of 3.2.2',
    `{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
  "literals": [null, true, false]
}`,
    `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA'B\\"\\\\\\\\\\"/"}`,
  ],
  [
    'the sorting example of 3.2.3',
    `{
  "\\u20ac": "Euro Sign",
  "\\r": "Carriage Return",
  "\\ufb33": "Hebrew Letter Dalet With Dagesh",
  "1": "One",
  "\\ud83d\\ude00": "Emoji: Grinning Face",
  "\\u0080": "Control",
  "\\u00f6": "Latin Small Letter O With Diaeresis"
}`,
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  ],
  [
    'testdata/input/structures.json',
    `{
  "1": {"f": {"f": "hi","F": 5} ,"\\n": 56.0},
  "10": { },
  "": "empty",
  "a": { },
  "111": [ { } ],
  "A": { }
}`,
    '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}',
  ],
] as const

describe('canonicalJson', () => {
  it.each(DOCUMENTS)('writes %s as RFC 8785 does', (_, input, output) => {
    expect(canonical(input)).toBe(output)
  })

  it.each(NUMBERS)('writes the number with the bits %s as %s, like appendix B of RFC 8785', (bits, written) => {
    const value = Buffer.from(bits, 'hex').readDoubleBE()
    // Seventeen digits and an exponent say every double; they are not what is written.
    const typed = Object.is(value, -0) ? '-0.0' : value.toExponential(20)

    expect(canonical(typed)).toBe(written)
  })

  it('writes the control characters with their short escapes where there are some, and nothing else escaped', () => {
    expect(canonical('"\\b\\t\\n\\f\\r\\u000b\\u001F\\u007f\\u2028\\u00e5A\\u030a/"')).toBe(
      '"\\b\\t\\n\\f\\r\\u000b\\u001f\u007f\u2028åA\u030a/"',
    )
  })

  it('takes whole numbers that a double keeps, also those that it writes with fewer digits than it has', () => {
    const kept = '[9007199254740992,295147905179352830000,-0,1e+21,100000000000000000000]'

    expect(canonical(kept)).toBe(kept.replace('-0', '0'))
    expect(canonical('1500000000000000000000')).toBe('1.5e+21')
  })

  it('keeps keys that mean something to JavaScript', () => {
    expect(canonical('{"toString":1,"__proto__":{"x":2},"constructor":3}')).toBe(
      '{"__proto__":{"x":2},"constructor":3,"toString":1}',
    )
  })

  it('gives the same bytes for the same content, however it was written', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.constantFrom(0, 1, '\t'), (value, space) => {
        const written = JSON.stringify(value)
        const once = canonical(written)

        expect(canonical(JSON.stringify(value, null, space))).toBe(once)
        expect(canonical(once)).toBe(once)
        expect(JSON.parse(once)).toEqual(JSON.parse(written))
      }),
      { numRuns: 500 },
    )
  })

  it('takes what JSON.parse takes and nothing more, but for what has two meanings', () => {
    const pieces = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"a"', '"', '1', '-', '0', '.5', 'e+1', 'true', 'nul', ' ', '\\', '\n'],
    )
    let taken = 0
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 7 }), (parts) => {
        const text = parts.join('')
        const ours = canonicalJson(Buffer.from(text))
        if (!isJson(text)) expect(ours.ok).toBe(false)
        else if (!ours.ok) expect(ours.why).toMatch(/twice/)
        else taken += 1
      }),
      { numRuns: 4000 },
    )
    expect(taken).toBeGreaterThan(50)
  })

  it.each([
    ['{"a":1,\n "a":2}', 'line 2, column 2: the key "a" stands twice in one object'],
    ['{"a":1,"\\u0061":2}', /the key "a" stands twice/],
    ['["\\ud800"]', 'line 1, column 2: half of a surrogate pair is no character'],
    ['{"\\udc00x":1}', /half of a surrogate pair/],
    ['"\\ude00\\ud83d"', /half of a surrogate pair/],
    ['1e309', 'line 1, column 1: the number 1e309 is too large'],
    ['9007199254740993', /the number 9007199254740993 would become 9007199254740992; write it in quotes/],
    ['-1000000000000000000001', /would become -1e\+21/],
    ['', 'line 1, column 1: a value is missing here'],
    ['{"a":1,}', /a key in quotes is missing here/],
    ['[1,]', /a value is missing here/],
    ['[1 2]', /a comma or the end of the array is missing here/],
    ['{"a" 1}', /a colon is missing here/],
    ['{"a":1 "b":2}', /a comma or the end of the object/],
    ['1 2', 'line 1, column 3: something stands behind the end of the value'],
    ['01', /something stands behind/],
    ['+1', /a value is missing/],
    ['NaN', /a value is missing/],
    ["'a'", /a value is missing/],
    ['"a', /does not end/],
    ['"a\\"', /does not end/],
    ['"a\nb"', /an escape that JSON does not know, or a control character/],
    ['"\\x41"', /an escape that JSON does not know/],
    ['\ufeff{}', /a value is missing/],
    ['[1] // yes', /something stands behind/],
  ])('refuses %j', (text, why) => {
    expect(canonicalJson(Buffer.from(text))).toEqual({
      ok: false,
      why: typeof why === 'string' ? why : expect.stringMatching(why),
    })
  })

  it('refuses what is nested deeper than anybody writes', () => {
    expect(canonicalJson(Buffer.from('['.repeat(100_000)))).toMatchObject({ why: /more than 500 arrays and objects/ })
    expect(canonical('['.repeat(500) + ']'.repeat(500))).toHaveLength(1000)
  })

  it('refuses what is not UTF-8', () => {
    expect(canonicalJson(Buffer.from('"\xe4"', 'latin1'))).toEqual({ ok: false, why: 'it is not valid UTF-8' })
    // A surrogate in UTF-8 (CESU-8).
    expect(canonicalJson(Buffer.from('22eda08022', 'hex'))).toEqual({ ok: false, why: 'it is not valid UTF-8' })
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

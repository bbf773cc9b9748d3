import { describe, expect, it } from 'vitest'
import { attributeBits, attributesText } from '../../../src/firmware/attribute-names.js'
import { describeVariable } from '../../../src/firmware/decode/describe.js'
import { signatureList, writeSignatureLists } from '../../../src/firmware/decode/signature-list.js'
import { efiTimeBytes, efiTimeText } from '../../../src/firmware/efi-time.js'
import { guidBytes, guidText } from '../../../src/firmware/guid.js'
import { type ValueInput, valueBytes } from '../../../src/firmware/value-input.js'
import { GUID } from '../../../src/firmware/variable.js'
import { readName } from '../../../src/firmware/variable-name.js'
import { wellKnown } from '../../../src/firmware/well-known.js'
import { wishedVariable } from '../../../src/firmware/wished-variable.js'
import { aVariable } from './a-store.js'

const OWN = '01234567-89ab-cdef-0123-456789abcdef'

function bytesOf(
  name: string,
  text: string,
  form: 'plain' | 'hex' | 'text' | 'utf16' | 'u8' | 'u16' | 'u64' = 'plain',
) {
  return valueBytes({ name, guid: wellKnown(name)?.guid ?? OWN }, { form, text } as ValueInput).toString('hex')
}

describe('valueBytes', () => {
  it.each([
    ['Timeout', '5', '0500'],
    ['Timeout', '65534', 'feff'],
    ['Timeout', 'wait', 'ffff'],
    ['BootOrder', '0001,000a', '01000a00'],
    ['BootOrder', 'Boot0001, Boot000A', '01000a00'],
    ['BootNext', '0010', '1000'],
    ['PlatformLang', 'en-US', '656e2d555300'],
    ['Lang', 'eng', '656e6700'],
    ['OsIndications', '0x1', '0100000000000000'],
    ['SecureBootEnable', 'off', '00'],
    ['MokSBState', '1', '01'],
  ])('writes %s %s', (name, text, hex) => {
    expect(bytesOf(name, text)).toBe(hex)
  })

  it.each([
    ['Timeout', '65535', /0 to 65534/],
    ['Timeout', '-1', /whole seconds/],
    ['Timeout', '5s', /whole seconds/],
    ['BootOrder', '1', /0001,0000/],
    ['BootOrder', '', /0001,0000/],
    ['PlatformLang', 'e', /language code/],
    ['OsIndications', '0x1ffffffffffffffff', /64 bits/],
    ['SecureBootEnable', '2', /1 or 0/],
  ])('does not take %s %s, and says what it takes', (name, text, words) => {
    expect(() => bytesOf(name, text)).toThrow(
      expect.objectContaining({ code: 'USAGE', next: expect.stringMatching(words) }),
    )
  })

  it('does not take a Timeout of another vendor for seconds', () => {
    expect(() => valueBytes({ name: 'Timeout', guid: OWN }, { form: 'plain', text: '5' })).toThrow(/form of the value/)
  })

  it.each([
    ['hex', '0xC0 ff:ee', 'c0ffee'],
    ['text', 'é', 'c3a9'],
    ['utf16', 'hi', '680069000000'],
    ['u8', '0xff', 'ff'],
    ['u16', '258', '0201'],
    ['u64', '18446744073709551615', 'ffffffffffffffff'],
  ] as const)('takes any variable as %s %s', (form, text, hex) => {
    expect(bytesOf('Own', text, form)).toBe(hex)
  })

  it.each([
    ['hex', 'abc', /pairs of hex digits/],
    ['u8', '256', /8 bits/],
    ['u16', 'ten', /16 bits/],
    ['text', '', /would be empty/],
  ] as const)('does not take %s %s', (form, text, words) => {
    expect(() => bytesOf('Own', text, form)).toThrow(words)
  })
})

describe('BootOrder', () => {
  it('is taken back as it is shown', () => {
    const variable = { name: 'BootOrder', guid: GUID.global, attributes: 7, data: Buffer.from('01000a00', 'hex') }
    const [shown = ''] = describeVariable(variable)

    expect(shown).toBe('0001,000A')
    expect(bytesOf('BootOrder', shown)).toBe('01000a00')
  })
})

describe('wishedVariable', () => {
  const ESL = writeSignatureLists([signatureList('sha256', [{ owner: OWN, data: Buffer.alloc(32, 1) }])])
  // By hand, from UEFI 2.10, 8.2.6: a time, then a certificate of 32 bytes without a signature in it.
  const TIME = 'da070306131115000000000000000000'
  const HEADER = Buffer.from(`${TIME}200000000002f10e9dd2af4adf68ee498aa9347d375665a7${'00'.repeat(8)}`, 'hex')
  const DB = { name: 'db', guid: GUID.imageSecurity }
  const wished = (named: { name: string; guid: string }, bytes: Buffer, date?: string) =>
    wishedVariable({ named, value: { form: 'bytes', bytes }, attributes: undefined, date }, [])

  it('stores of a signed update what it signs, and its time', () => {
    const update = Buffer.concat([HEADER, ESL])

    expect(wished(DB, ESL)).toEqual({ ...DB, attributes: 0x27, data: ESL })
    expect(wished(DB, update)).toEqual({ ...DB, attributes: 0x27, data: ESL, time: Buffer.from(TIME, 'hex') })
    expect(wished(DB, update, '2026-01-31').time).toEqual(efiTimeBytes('2026-01-31'))
  })

  it('takes any bytes for other variables', () => {
    expect(wished({ name: 'Own', guid: OWN }, HEADER).data).toEqual(HEADER)
  })

  it('refuses a file without lists for a variable that consists of them', () => {
    expect(() => wished(DB, Buffer.from('-----BEGIN CERTIFICATE-----'))).toThrow(/the file holds none/)
    expect(() => wished(DB, HEADER)).toThrow(/would be empty/)
  })
})

describe('readName', () => {
  const there = [aVariable(), aVariable({ name: 'Own', guid: OWN }), aVariable({ name: 'Own-Part', guid: OWN })]
  it.each([
    ['a well-known name', 'BootOrder', { name: 'BootOrder', guid: GUID.global }],
    ['a numbered one', 'Boot00AF', { name: 'Boot00AF', guid: GUID.global }],
    ['one of the file', 'Own', { name: 'Own', guid: OWN }],
    ['one of the file with a dash', 'Own-Part', { name: 'Own-Part', guid: OWN }],
    ['a name with its GUID', `New-Var-${OWN.toUpperCase()}`, { name: 'New-Var', guid: OWN }],
  ])('knows %s', (_, text, named) => {
    expect(readName(text, there)).toEqual({ ok: true, ...named })
  })

  it('does not know another name, nor which of two is meant', () => {
    const twins = [aVariable({ name: 'Own', guid: OWN }), aVariable({ name: 'Own', guid: GUID.shim })]

    expect(readName('Boot00af', there)).toEqual({ ok: false, guids: [] })
    expect(readName('Own', twins)).toEqual({ ok: false, guids: [OWN, GUID.shim] })
  })

  it('takes the well-known one of two', () => {
    const twins = [aVariable({ guid: OWN }), aVariable()]

    expect(readName('Timeout', twins)).toEqual({ ok: true, name: 'Timeout', guid: GUID.global })
  })
})

describe('the small forms', () => {
  it('of a GUID go both ways', () => {
    // By hand: the first three fields are little-endian.
    const bytes = guidBytes('A1B2C3D4-E5F6-0718-293A-4B5C6D7E8F90')

    expect(bytes.toString('hex')).toBe('d4c3b2a1f6e51807293a4b5c6d7e8f90')
    expect(guidText(Buffer.concat([Buffer.alloc(3), bytes]), 3)).toBe('a1b2c3d4-e5f6-0718-293a-4b5c6d7e8f90')
  })

  it('of a time go both ways', () => {
    const text = '2025-03-10T02:53:30Z'

    // The time stamp of db in Debian's OVMF_VARS.ms.fd.
    expect(efiTimeBytes(text)?.toString('hex')).toBe('e907030a02351e000000000000000000')
    expect(efiTimeText(Buffer.from('e907030a02351e000000000000000000', 'hex'))).toBe(text)
    expect(efiTimeText(efiTimeBytes('2026-01-31') ?? Buffer.alloc(0))).toBe('2026-01-31T00:00:00Z')
    expect(efiTimeText(Buffer.alloc(16))).toBeUndefined()
  })

  it.each(['2026-02-30', '2026-1-1', '1899-01-01', '2026-01-01T25:00:00Z', 'now'])('of a time is not %s', (text) => {
    expect(efiTimeBytes(text)).toBeUndefined()
  })

  it('of attributes go both ways', () => {
    expect(attributesText(0x27)).toBe('NV,BS,RT,AT')
    expect(attributesText(0x80000001)).toBe('NV,0x80000000')
    expect([attributeBits('nv, bs,RT'), attributeBits('0x27'), attributeBits('7')]).toEqual([7, 0x27, 7])
    expect([attributeBits('nv,xx'), attributeBits(''), attributeBits('0x123456789')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { devicePathTexts } from '../../../../src/firmware/decode/device-path-text.js'
import { readLoadOption, writeLoadOption } from '../../../../src/firmware/decode/load-option.js'

/** Boot0000 of OVMF: the setup screen. From Debian's OVMF_VARS_4M.ms.fd (ovmf 2022.11-6+deb12u2). */
const UI_APP = Buffer.from(
  '090100002c0055006900410070007000000004071400c9bdb87cebf8344faaea3ee4af6516a10406140021aa2c4614760345836e8ab6f46623317fff0400',
  'hex',
)

describe('load options', () => {
  it('reads the one of the setup screen', () => {
    const option = readLoadOption(UI_APP)

    expect(option).toMatchObject({ attributes: 0x109, description: 'UiApp', optionalData: Buffer.alloc(0) })
    expect(devicePathTexts(option.filePath)).toEqual([
      'Fv(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/FvFile(462caa21-7614-4503-836e-8ab6f4662331)',
    ])
    expect(writeLoadOption(option)).toEqual(UI_APP)
  })

  it('reads what was written', () => {
    const option = fc.record({
      attributes: fc.nat(0xffffffff),
      description: fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
      filePath: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      optionalData: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    })
    fc.assert(
      fc.property(option, (value) => {
        expect(readLoadOption(writeLoadOption(value))).toEqual(value)
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['five bytes', UI_APP.subarray(0, 5)],
    ['a description without an end', UI_APP.subarray(0, 14)],
    ['a path beyond the end', UI_APP.subarray(0, 40)],
  ])('refuses %s', (_, data) => {
    expect(() => readLoadOption(data)).toThrow(RangeError)
  })

  it('takes no description with a NUL in it, which would end it early', () => {
    expect(() => writeLoadOption({ ...readLoadOption(UI_APP), description: 'a\0b' })).toThrow('NUL')
  })
})

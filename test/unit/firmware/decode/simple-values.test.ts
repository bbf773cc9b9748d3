import { describe, expect, it } from 'vitest'
import {
  readLanguage,
  readOptionOrder,
  readOsIndications,
  readSwitch,
  readTimeout,
  writeLanguage,
  writeOptionOrder,
  writeSwitch,
  writeTimeout,
} from '../../../../src/firmware/decode/simple-values.js'

describe('plain values of variables', () => {
  it('reads and writes an order of boot options', () => {
    const data = Buffer.from('0100001aff00', 'hex')

    expect(readOptionOrder(data)).toEqual(['0001', '1A00', '00FF'])
    expect(writeOptionOrder(['0001', '1a00', '00FF'])).toEqual(data)
    expect(() => readOptionOrder(data.subarray(1))).toThrow('5 bytes')
    expect(() => writeOptionOrder(['1'])).toThrow('four hex digits')
  })

  it('reads and writes a timeout', () => {
    expect(writeTimeout(300).toString('hex')).toBe('2c01')
    expect(readTimeout(Buffer.from('ffff', 'hex'))).toBe(0xffff)
    expect(() => readTimeout(Buffer.from([1]))).toThrow('1 bytes where 2 belong')
    expect(() => writeTimeout(65536)).toThrow()
  })

  it('reads and writes a language', () => {
    expect(writeLanguage('en-US').toString('hex')).toBe('656e2d555300')
    expect(readLanguage(Buffer.from('656e00', 'hex'))).toBe('en')
    expect(() => readLanguage(Buffer.from([0xe4, 0]))).toThrow('ASCII')
    expect(() => writeLanguage('é')).toThrow('language code')
  })

  it('reads and writes a switch', () => {
    expect([readSwitch(writeSwitch(true)), readSwitch(writeSwitch(false))]).toEqual([true, false])
    expect(() => readSwitch(Buffer.from([2]))).toThrow('neither')
    expect(() => readSwitch(Buffer.alloc(2))).toThrow('2 bytes')
  })

  it('names what the system asks of the firmware', () => {
    expect(readOsIndications(Buffer.from('0500000000000080', 'hex'))).toEqual([
      'boot to the setup screen',
      'file capsule delivery',
      'bit 63',
    ])
  })
})

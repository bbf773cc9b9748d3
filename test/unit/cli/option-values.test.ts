import { describe, expect, it } from 'vitest'
import { count, sizeMiB, wholeMinutes } from '../../../src/cli/option-values.js'

describe('wholeMinutes', () => {
  it.each(['1', '6', '35791'])('takes %s', (text) => {
    expect(wholeMinutes(text)).toBe(Number(text))
  })

  it.each(['0', '-1', '35792', '1.5', '1e2', '', ' 3', '3m', '0x10', '99999999999999'])('refuses %j', (text) => {
    expect(() => wholeMinutes(text)).toThrow('from 1 to 35791')
  })
})

describe('sizeMiB', () => {
  it.each([
    ['2G', 2048],
    ['2048M', 2048],
    ['1.5G', 1536],
    ['2GiB', 2048],
    ['2gb', 2048],
    ['1T', 1048576],
  ])('takes %s', (text, mib) => {
    expect(sizeMiB(text)).toBe(mib)
  })

  it.each(['2048', '2K', 'G', '-2G', '2 G', '', '2GG', '1e3M'])('refuses %j and names the form', (text) => {
    expect(() => sizeMiB(text)).toThrow('such as 2G')
  })

  it.each(['63M', '17T', '0.1G'])('refuses %j for its value', (text) => {
    expect(() => sizeMiB(text)).toThrow('from 64M to 16T')
  })
})

describe('count', () => {
  it('takes 1 to 1024', () => {
    expect([count('1'), count('1024')]).toEqual([1, 1024])
    expect(() => count('0')).toThrow()
    expect(() => count('1025')).toThrow()
  })
})

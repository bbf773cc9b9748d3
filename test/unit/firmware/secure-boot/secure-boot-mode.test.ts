import { describe, expect, it } from 'vitest'
import { KEY_VARIABLE } from '../../../../src/firmware/secure-boot/key-variables.js'
import { secureBootMode } from '../../../../src/firmware/secure-boot/secure-boot-mode.js'
import { GUID } from '../../../../src/firmware/variable.js'

const PK = { ...KEY_VARIABLE.PK, data: Buffer.from([1]) }
const DB = { ...KEY_VARIABLE.db, data: Buffer.from([1]) }
const enable = (value: number) => ({ ...KEY_VARIABLE.SecureBootEnable, data: Buffer.from([value]) })
const custom = { ...KEY_VARIABLE.CustomMode, data: Buffer.from([1]) }

describe('secureBootMode', () => {
  it.each([
    ['a PK is enrolled, and it is enabled', [PK, enable(1)], /SecureBootEnable is 1.*no db/],
    ['a PK is enrolled, and nothing says whether', [PK, DB], /the firmware makes it 1\.$/],
    ['keys may be changed at the machine', [PK, DB, enable(1), custom], /SecureBootEnable is 1\.$/],
  ])('is on when %s', (_, variables, words) => {
    expect(secureBootMode(variables)).toEqual({ on: true, sentence: expect.stringMatching(words) })
  })

  it.each([
    ['nothing is enrolled', [], /no platform key/],
    ['only a db is', [DB], /although a db is there/],
    ['a PK of another vendor is', [{ ...PK, guid: GUID.shim }, enable(1)], /no platform key/],
    ['a PK is, and it is disabled', [PK, enable(0)], /SecureBootEnable is 0/],
    // The firmware compares with 1: AuthVariableLib.c, "SecureBootEnable == SECURE_BOOT_ENABLE".
    ['a PK is, and the switch is neither on nor off', [PK, enable(2)], /SecureBootEnable is 2/],
  ])('is off when %s', (_, variables, words) => {
    const mode = secureBootMode(variables)

    expect(mode).toMatchObject({ on: false, whyOff: expect.stringMatching(words) })
    expect(mode.sentence).toBe(`Secure Boot is off: ${mode.whyOff}.`)
  })
})

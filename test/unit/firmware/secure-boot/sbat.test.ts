import { describe, expect, it } from 'vitest'
import { sbatLevelInForce, sbatRefusal } from '../../../../src/firmware/secure-boot/sbat.js'
import { GUID } from '../../../../src/firmware/variable.js'
import { aPe } from '../../../fixtures/a-pe.js'
import { withSbat, withSbatLevel } from '../../../fixtures/boot-programs.js'

const LEVEL = 'sbat,1,2025021800\nshim,4\ngrub,5\n'
const stored = (text: string) => [
  { name: 'SbatLevel', guid: GUID.shim, attributes: 3, data: Buffer.from(text, 'latin1') },
]

describe('the SBAT level in force', () => {
  it('is none without a variable and a shim that has one', () => {
    expect(sbatLevelInForce([], [aPe()])).toBeUndefined()
    expect(sbatLevelInForce(stored('damaged'), [withSbatLevel('sbat,1\n')])).toBeUndefined()
  })

  it('is that of the variables, or of a shim when that is newer', () => {
    const older = stored('sbat,1,2023012900\nshim,2\ngrub,3\n')
    const newer = stored('sbat,1,2025051000\ngrub,6\n')

    expect(sbatLevelInForce(older, [])?.date).toBe('2023012900')
    expect(sbatLevelInForce(older, [withSbatLevel(LEVEL)])?.generations.get('grub')).toBe(5)
    expect(sbatLevelInForce(newer, [withSbatLevel(LEVEL)])?.generations.get('grub')).toBe(6)
  })

  it('is not read from beyond the section', () => {
    const shim = withSbatLevel(LEVEL)
    shim.writeUInt32LE(0xffff_fff0, shim.indexOf('sbat,1') - 8)

    expect(sbatLevelInForce([], [shim])).toBeUndefined()
  })
})

describe('sbatRefusal', () => {
  const level = sbatLevelInForce(stored(LEVEL), [])
  if (level === undefined) throw new Error('there is a level')
  const judge = (text: string, needed = true) => sbatRefusal(withSbat(text), level, needed)

  it('is none for generations that are high enough, and for components that the level does not know', () => {
    expect(judge('sbat,1,SBAT Version\ngrub,5,FSF\ngrub.debian,1,Debian\n')).toBeUndefined()
  })

  it('names the component, its generation and the oldest one that starts', () => {
    expect(judge('sbat,1\ngrub,4,FSF\n')).toBe(
      'SBAT revokes it: grub has the generation 4, and 5 is the oldest that starts (level 2025021800)',
    )
    expect(judge('sbat,1\r\nshim,old\r\n')).toMatch(/shim has the generation 0/)
  })

  it('is one for a program without generations only when shim loads it itself', () => {
    expect(sbatRefusal(aPe(), level, true)).toMatch(/no section \.sbat/)
    expect(sbatRefusal(aPe(), level, false)).toBeUndefined()
  })
})

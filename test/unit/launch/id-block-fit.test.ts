import { describe, expect, it } from 'vitest'
import { fitLaunch } from '../../../src/launch/fit-launch.js'
import type { LaunchWishes } from '../../../src/model/launch.js'
import { aBlock, KNOWN, knownAuth } from './identity/known-id-block.js'

const idBlock = Buffer.from(KNOWN.block, 'base64').toString('hex')
const idAuth = knownAuth().toString('hex')

const fitted = (ofFile: LaunchWishes, ofFlag: LaunchWishes = {}) =>
  fitLaunch([
    { origin: 'launch.yaml', wishes: ofFile },
    { origin: '--flag', wishes: ofFlag },
  ]).wishes

const refusal = (message: RegExp, why: RegExp) =>
  expect.objectContaining({
    code: 'LAUNCH_INVALID',
    message: expect.stringMatching(message),
    why: expect.stringMatching(why),
  })

describe('an ID block of the launch', () => {
  it('is fine with its own signatures, with its policy or none', () => {
    expect(fitted({ tee: 'snp', idBlock, idAuth })).toEqual({ tee: 'snp', idBlock, idAuth })
    expect(fitted({ tee: 'snp', idBlock, idAuth }, { policy: '0x30000' })).toMatchObject({ policy: '0x30000' })
  })

  it('is refused beside another policy, whichever source is the stronger one, with both policies', () => {
    const message = /^the ID block is for another policy than that of the launch$/
    const why = /^0x30000 in the ID block \(launch\.yaml\), 0xb0000 asked for \(--flag\)/

    expect(() => fitted({ tee: 'snp', idBlock, idAuth }, { policy: '0xb0000' })).toThrow(refusal(message, why))
    expect(() => fitted({ policy: '0xb0000' }, { idBlock })).toThrow(
      refusal(message, /\(--flag\), 0xb0000 .*launch\.yaml/),
    )
  })

  it('is refused beside signatures that do not hold', () => {
    const other = aBlock({ guestSvn: 7 }).toString('hex')

    expect(() => fitted({ tee: 'snp', idBlock: other, idAuth })).toThrow(
      refusal(/^the firmware would refuse the ID block \(launch\.yaml\)/, /signature of the ID block does not fit/),
    )
  })

  it('is refused when no firmware takes it, before its signatures are there', () => {
    expect(() => fitted({ idBlock: '00'.repeat(96) })).toThrow(refusal(/would refuse the ID block/, /version/))
  })

  it('is not looked at for a guest of another kind, for which it is not used', () => {
    const useless = { idBlock, policy: '0xb0000' }

    expect(fitted({ ...useless, tee: 'tdx' })).toMatchObject(useless)
    expect(fitted({ ...useless, tee: 'none' })).toMatchObject(useless)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idBlock, idBlockProblems, readIdBlock } from '../../../../src/launch/identity/id-block.js'
import { aBlock, KNOWN } from './known-id-block.js'

describe('idBlock', () => {
  it('has every field at its place, little-endian', () => {
    const bytes = aBlock({
      familyId: Buffer.alloc(16, 0xf1),
      imageId: Buffer.alloc(16, 0x1a),
      guestSvn: 0x01020304,
      policy: 0x0000000003b20137n,
    })

    expect(bytes.toString('hex')).toBe(
      [KNOWN.launchDigest, 'f1'.repeat(16), '1a'.repeat(16), '01000000', '04030201', '3701b20300000000'].join(''),
    )
  })

  it('is what the sev crate of virtee makes of the same launch digest', () => {
    expect(aBlock().toString('base64')).toBe(KNOWN.block)
  })

  it('is read back as it was made', () => {
    const ids = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes))
    const digests = fc.uint8Array({ minLength: 48, maxLength: 48 }).map((bytes) => Buffer.from(bytes))
    const policies = fc.bigInt({ min: 0n, max: 2n ** 26n - 1n }).map((bits) => bits | 0x20000n)
    fc.assert(
      fc.property(
        digests,
        ids,
        ids,
        fc.nat(2 ** 32 - 1),
        policies,
        (launchDigest, familyId, imageId, guestSvn, policy) => {
          fc.pre(launchDigest.some((byte) => byte !== 0))
          const content = { launchDigest, familyId, imageId, guestSvn, policy }

          expect(readIdBlock(idBlock(content))).toEqual({ ...content, version: 1 })
        },
      ),
      { numRuns: 200 },
    )
  })

  it('is refused with a policy, a digest or a number that the firmware would refuse', () => {
    const refusal = (message: RegExp) =>
      expect.objectContaining({ code: 'IDENTITY_INVALID', message: expect.stringMatching(message) })

    expect(() => aBlock({ policy: 0x10000n })).toThrow(refusal(/bit 17/))
    expect(() => aBlock({ launchDigest: Buffer.alloc(48) })).toThrow(refusal(/all zeros/))
    expect(() => aBlock({ launchDigest: Buffer.alloc(32, 1) })).toThrow(refusal(/48 bytes, and this has 32/))
    expect(() => aBlock({ familyId: Buffer.alloc(17) })).toThrow(refusal(/family id has 16 bytes/))
    expect(() => aBlock({ guestSvn: 2 ** 32 })).toThrow(refusal(/SVN/))
    expect(() => readIdBlock(Buffer.alloc(95))).toThrow(refusal(/96 bytes, and this has 95/))
  })

  it('has a problem when its version is another one', () => {
    expect(idBlockProblems({ ...readIdBlock(aBlock()), version: 2 })).toEqual([
      'the version of the ID block is 2 and not 1',
    ])
  })
})

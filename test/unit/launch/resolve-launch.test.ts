import { describe, expect, it } from 'vitest'
import { resolveLaunch } from '../../../src/launch/resolve-launch.js'
import type { LaunchTee, LaunchWishes } from '../../../src/model/launch.js'
import { aBlock } from './identity/known-id-block.js'

function snpOf(wishes: LaunchWishes): LaunchTee {
  return resolveLaunch(
    { tee: 'snp', ...wishes },
    {
      name: 'x',
      accel: 'kvm',
      image: { path: '/x.qcow2', format: 'qcow2', readOnly: false, throwAway: false },
      firmware: { kind: 'rom', path: '/OVMF.fd' },
      vcpus: 1,
      memoryMiB: 1024,
      forwards: [],
    },
  ).tee
}

/** An ID authentication of zeros but for one byte. */
function authWith(at: number): string {
  const bytes = Buffer.alloc(4096)
  bytes[at] = 2
  return bytes.toString('hex')
}

describe('an SEV-SNP guest', () => {
  it("has QEMU's own default policy", () => {
    expect(snpOf({})).toMatchObject({ policy: '0x30000', authorKey: false })
    expect(snpOf({ policy: '0xb0000' })).toMatchObject({ policy: '0xb0000' })
  })

  it('has the policy of its ID block when none is asked for', () => {
    const idBlock = aBlock({ policy: 0x130000n }).toString('hex')

    expect(snpOf({ idBlock, idAuth: authWith(0) })).toMatchObject({ policy: '0x130000' })
  })

  // Offsets: AMD 56860, "Structure of the ID Authentication Information".
  it.each([
    [576, false, 'the id key'],
    [1603, false, 'the end of the id key'],
    [2176, true, 'the author key'],
    [3203, true, 'the end of the author key'],
    [3204, false, 'what stands behind it'],
  ])('with byte %i set says author key: %s (%s)', (at, authorKey) => {
    expect(snpOf({ idBlock: '00'.repeat(96), idAuth: authWith(at) })).toMatchObject({ authorKey })
  })
})

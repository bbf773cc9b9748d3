import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idAuth, readIdAuth } from '../../../../src/launch/identity/id-auth.js'
import {
  fromSnpPublicKey,
  readSigningKey,
  snpKeyDigest,
  snpPublicKey,
  snpSign,
  snpVerify,
} from '../../../../src/launch/identity/snp-key.js'
import { aBlock, KNOWN, knownAuth } from './known-id-block.js'

const idKey = aKey()
const authorKey = aKey()

function aKey(namedCurve = 'secp384r1') {
  return generateKeyPairSync('ec', { namedCurve }).privateKey
}

function pemOf(key: ReturnType<typeof aKey>): Buffer {
  return Buffer.from(key.export({ type: 'pkcs8', format: 'pem' }))
}

describe('readIdAuth', () => {
  it('verifies both signatures of what the sev crate of virtee made, and gives its key digests', () => {
    const auth = readIdAuth(knownAuth(), Buffer.from(KNOWN.block, 'base64'))

    expect(auth.idKeyDigest.toString('base64')).toBe(KNOWN.idKeyDigest)
    expect(auth.authorKeyDigest?.toString('base64')).toBe(KNOWN.authorKeyDigest)
    expect(auth).toMatchObject({ blockSignatureHolds: true, idKeySignatureHolds: true, problems: [] })
  })

  it('notices any flipped bit of the block, and of the authentication', () => {
    const block = Buffer.from(KNOWN.block, 'base64')
    const flipped = (bytes: Buffer, bit: number) => {
      const copy = Buffer.from(bytes)
      copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      return copy
    }
    fc.assert(
      fc.property(fc.nat(96 * 8 - 1), fc.nat(4096 * 8 - 1), (inBlock, inAuth) => {
        expect(readIdAuth(knownAuth(), flipped(block, inBlock)).problems).not.toEqual([])
        expect(readIdAuth(flipped(knownAuth(), inAuth), block).problems).not.toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  it('says what is wrong', () => {
    const block = Buffer.from(KNOWN.block, 'base64')
    const problems = (change: (bytes: Buffer) => void) => {
      const auth = knownAuth()
      change(auth)
      return readIdAuth(auth, block).problems
    }

    expect(problems((auth) => auth.writeUInt32LE(2, 0))).toEqual(['the algorithm of the id key is 2 and not 1'])
    expect(problems((auth) => auth.writeUInt32LE(0, 4))).toEqual(['the algorithm of the author key is 0 and not 1'])
    expect(problems((auth) => auth.writeUInt8(1, 64))).toEqual([
      'the signature of the ID block does not fit the block and the id key',
    ])
    expect(problems((auth) => auth.writeUInt8(1, 1664))).toEqual([
      'the signature of the id key does not fit that key and the author key',
    ])
    expect(problems((auth) => auth.writeUInt8(0, 580))).toContain('the id key is not a point of P-384')
    expect(problems((auth) => auth.writeUInt32LE(1, 2176))).toContain('the author key is not a point of P-384')
    for (const at of [8, 63, 1604, 1663, 3204, 4095]) {
      expect(problems((auth) => auth.writeUInt8(1, at))).toEqual(['bytes that must be zero are not'])
    }
    expect(() => readIdAuth(Buffer.alloc(4095))).toThrow(expect.objectContaining({ code: 'IDENTITY_INVALID' }))
  })
})

describe('idAuth', () => {
  it('has every part at its place', () => {
    const block = aBlock()
    const bytes = idAuth({ block, idKey, authorKey })

    expect(bytes).toHaveLength(4096)
    expect(bytes.subarray(0, 8).toString('hex')).toBe('0100000001000000')
    expect(bytes.subarray(576, 576 + 1028)).toEqual(snpPublicKey(idKey))
    expect(bytes.subarray(2176, 2176 + 1028)).toEqual(snpPublicKey(authorKey))
    expect(snpVerify(block, bytes.subarray(64, 576), createPublicKey(idKey))).toBe(true)
    expect(snpVerify(snpPublicKey(idKey), bytes.subarray(1664, 2176), createPublicKey(authorKey))).toBe(true)
    for (const [from, to] of [
      [8, 64],
      [1604, 1664],
      [3204, 4096],
    ] as const) {
      expect(bytes.subarray(from, to).every((byte) => byte === 0)).toBe(true)
    }
  })

  it('leaves the part of the author all zero without such a key', () => {
    const block = aBlock()
    const bytes = idAuth({ block, idKey })
    const auth = readIdAuth(bytes, block)

    expect(bytes.subarray(1604).every((byte) => byte === 0)).toBe(true)
    expect(bytes.readUInt32LE(4)).toBe(0)
    expect(auth).toEqual({ idKeyDigest: snpKeyDigest(snpPublicKey(idKey)), blockSignatureHolds: true, problems: [] })
  })

  it('is verified for any block and refused for another', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 2), (guestSvn) => {
        const auth = idAuth({ block: aBlock({ guestSvn }), idKey, authorKey })

        expect(readIdAuth(auth, aBlock({ guestSvn })).problems).toEqual([])
        expect(readIdAuth(auth, aBlock({ guestSvn: guestSvn + 1 })).blockSignatureHolds).toBe(false)
      }),
      { numRuns: 20 },
    )
  })

  it('checks no block that is not given', () => {
    expect(readIdAuth(idAuth({ block: aBlock(), idKey }))).not.toHaveProperty('blockSignatureHolds')
  })
})

describe('keys and signatures of the firmware', () => {
  it('are read back as they were made, also where a number begins with zeros', () => {
    for (let run = 0; run < 40; run += 1) {
      const key = aKey()
      const bytes = snpPublicKey(key)

      expect(fromSnpPublicKey(bytes)?.equals(createPublicKey(key))).toBe(true)
      expect(snpVerify(bytes, snpSign(bytes, key), createPublicKey(key))).toBe(true)
    }
  })
})

describe('readSigningKey', () => {
  it('takes PKCS #8 and the form of openssl ecparam', () => {
    const sec1 = Buffer.from(idKey.export({ type: 'sec1', format: 'pem' }))

    expect(readSigningKey(pemOf(idKey), 'k').equals(idKey)).toBe(true)
    expect(readSigningKey(sec1, 'k').equals(idKey)).toBe(true)
  })

  it.each([
    ['a key on another curve', pemOf(aKey('prime256v1')), /on the curve prime256v1, not P-384/],
    [
      'an RSA key',
      Buffer.from(
        generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
      ),
      /of type rsa, not P-384/,
    ],
    [
      'an encrypted key',
      Buffer.from(idKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })),
      /encrypted/,
    ],
    [
      'an encrypted key of the old form',
      Buffer.from(idKey.export({ type: 'sec1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })),
      /encrypted/,
    ],
    ['a public key', Buffer.from(createPublicKey(idKey).export({ type: 'spki', format: 'pem' })), /no private key/],
    ['no key', Buffer.from(''), /no private key/],
    ['a cut key', pemOf(idKey).subarray(0, 120), /cannot be read/],
  ])('refuses %s, without a word of it', (_, pem, why) => {
    const refusal = () => readSigningKey(pem, 'k.pem')

    expect(refusal).toThrow(expect.objectContaining({ code: 'IDENTITY_INVALID', why: expect.stringMatching(why) }))
    try {
      refusal()
    } catch (error) {
      const secret = pem.toString().split('\n')[1] || 'nothing'
      expect(JSON.stringify(error)).not.toContain(secret)
    }
  })
})

import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idAuth } from '../../../src/launch/identity/id-auth.js'
import { readIdentityFile } from '../../../src/launch/identity/identity-file.js'
import { readIdentityValue } from '../../../src/launch/identity/identity-value.js'
import { readSigningKey, snpPublicKey } from '../../../src/launch/identity/snp-key.js'
import { aBlock } from '../../unit/launch/identity/known-id-block.js'

let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-identity-'))
  for (const name of ['id', 'author']) {
    openssl('ecparam', '-name', 'secp384r1', '-genkey', '-noout', '-out', `${name}.pem`)
    openssl('pkey', '-in', `${name}.pem`, '-pubout', '-out', `${name}.pub`)
  }
})
afterAll(async () => await rm(dir, { recursive: true }))

function openssl(...args: readonly string[]): Buffer {
  return execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function signingKey(name: string) {
  return readSigningKey(await readFile(join(dir, name)), name)
}

/** Two numbers of 72 bytes, little-endian, as the ASN.1 that openssl reads: SEQUENCE { INTEGER r, INTEGER s }. */
function derOf(signature: Buffer): Buffer {
  const integers = [signature.subarray(0, 72), signature.subarray(72, 144)].map((littleEndian) => {
    const hex = Buffer.from(littleEndian)
      .reverse()
      .toString('hex')
      .replace(/^(?:00)+/, '')
    const value = Buffer.from(/^[89a-f]/.test(hex) ? `00${hex}` : hex, 'hex')
    return Buffer.concat([Buffer.from([2, value.length]), value])
  })
  const body = Buffer.concat(integers)
  return Buffer.concat([Buffer.from([0x30, body.length]), body])
}

async function verified(data: Buffer, signature: Buffer, publicKey: string): Promise<boolean> {
  await writeFile(join(dir, 'data'), data)
  await writeFile(join(dir, 'signature'), derOf(signature))
  try {
    openssl('dgst', '-sha384', '-verify', publicKey, '-signature', 'signature', 'data')
    return true
  } catch {
    return false
  }
}

describe('openssl', () => {
  it('verifies the signatures of an ID authentication, and those only', async () => {
    const block = aBlock({ guestSvn: 7 })
    const [idKey, authorKey] = [await signingKey('id.pem'), await signingKey('author.pem')]
    const auth = idAuth({ block, idKey, authorKey })
    const [ofBlock, ofIdKey] = [auth.subarray(64, 576), auth.subarray(1664, 2176)]

    expect(await verified(block, ofBlock, 'id.pub')).toBe(true)
    expect(await verified(auth.subarray(576, 576 + 1028), ofIdKey, 'author.pub')).toBe(true)
    expect(await verified(block, ofBlock, 'author.pub')).toBe(false)
    expect(await verified(aBlock({ guestSvn: 8 }), ofBlock, 'id.pub')).toBe(false)
  })

  it('has the same point in its public key', async () => {
    // The last 96 bytes of the SubjectPublicKeyInfo are x and y, big-endian.
    const point = openssl('pkey', '-in', 'id.pem', '-pubout', '-outform', 'DER').subarray(-96)
    const bytes = snpPublicKey(await signingKey('id.pem'))

    expect(Buffer.from(bytes.subarray(4, 52)).reverse()).toEqual(point.subarray(0, 48))
    expect(Buffer.from(bytes.subarray(76, 124)).reverse()).toEqual(point.subarray(48))
  })

  it('gives the digest of pubkey: for keys of every kind, and for the certificate of a key', async () => {
    openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', 'rsa.pem')
    openssl('pkey', '-in', 'rsa.pem', '-pubout', '-out', 'rsa.pub')
    openssl('rsa', '-in', 'rsa.pem', '-RSAPublicKey_out', '-out', 'rsa-pkcs1.pub')
    openssl('req', '-x509', '-key', 'rsa.pem', '-subj', '/CN=owner', '-out', 'rsa.crt')
    openssl('genpkey', '-algorithm', 'ED25519', '-out', 'ed.pem')
    openssl('pkey', '-in', 'ed.pem', '-pubout', '-out', 'ed.pub')

    for (const [given, key] of [
      ['id.pub', 'id.pem'],
      ['ed.pub', 'ed.pem'],
      ['rsa.pub', 'rsa.pem'],
      ['rsa-pkcs1.pub', 'rsa.pem'],
      ['rsa.crt', 'rsa.pem'],
    ] as const) {
      await writeFile(join(dir, 'spki.der'), openssl('pkey', '-in', key, '-pubout', '-outform', 'DER'))
      const digest = openssl('dgst', '-sha384', '-r', 'spki.der').toString().slice(0, 96)
      const value = await readIdentityValue(`pubkey:${join(dir, given)}`, 'mrowner', readIdentityFile)

      expect(value.bytes.toString('hex')).toBe(digest)
    }
  })
})

describe('readIdentityFile', () => {
  it('says what cannot be read', async () => {
    const refusal = { code: 'IDENTITY_INVALID', message: expect.stringContaining('cannot be read') }

    await expect(readIdentityFile(join(dir, 'nowhere'))).rejects.toMatchObject({ ...refusal, why: /ENOENT/ })
    await expect(readIdentityFile(dir)).rejects.toMatchObject({ ...refusal, why: /EISDIR/ })
  })

  it('ends reading what has no end', async () => {
    await expect(readIdentityFile('/dev/zero')).rejects.toMatchObject({
      code: 'IDENTITY_INVALID',
      message: '/dev/zero is larger than 256 MiB',
    })
  })
})

import { createHash, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { IDENTITY_FIELDS, type IdentityField } from '../../../../src/launch/identity/identity-field.js'
import { readIdentityValue } from '../../../../src/launch/identity/identity-value.js'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const PUBLIC = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const PRIVATE = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const FILES: Readonly<Record<string, string>> = {
  'abc.txt': 'abc',
  'one.bin': 'x',
  'empty.bin': '',
  'policy.json': '{ "b": 1.0,\n  "a": [] }\n',
  'twice.json': '{"a":1,"a":2}',
  'owner.pem': PUBLIC,
  'secret.pem': PRIVATE,
  'two.pem': PUBLIC + PUBLIC,
  'both.pem': PUBLIC + PRIVATE,
  'params.pem': '-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n',
  'broken.pem': '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
  'ssh.pub': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA me@here\n',
  'a:b': 'abc',
}

/** FIPS 180-2, appendices B.1 and D.1: SHA-256 and SHA-384 of "abc". */
const SHA256_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
const SHA384_ABC = 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7'

async function read(path: string): Promise<Buffer> {
  return Buffer.from(FILES[path] ?? 'no such file in this test')
}

async function shown(word: string, field: IdentityField = 'mrowner') {
  const { bytes, madeFrom } = await readIdentityValue(word, field, read)
  return [bytes.toString('hex'), madeFrom]
}

describe('readIdentityValue', () => {
  it('takes hex and base64 as they are, and says so', async () => {
    const hex = 'ab'.repeat(48)

    expect(await shown(hex)).toEqual([hex, '48 bytes given in hex'])
    expect(await shown(`base64:${Buffer.from(hex, 'hex').toString('base64')}`)).toEqual([
      hex,
      '48 bytes given in base64',
    ])
    expect(await readIdentityValue(hex.slice(0, 64), 'host-data', read)).toMatchObject({ field: 'host-data' })
  })

  it('digests a file with SHA-384 for the fields of TDX and SHA-256 for HOST_DATA', async () => {
    for (const field of ['mrowner', 'mrconfigid', 'mrownerconfig'] as const) {
      expect(await shown('file:abc.txt', field)).toEqual([SHA384_ABC, 'SHA-384 of the 3 bytes of abc.txt'])
    }
    expect(await shown('file:abc.txt', 'host-data')).toEqual([SHA256_ABC, 'SHA-256 of the 3 bytes of abc.txt'])
    expect(await shown('file:one.bin')).toContain('SHA-384 of the one byte of one.bin')
    expect(await shown('file:a:b')).toEqual([SHA384_ABC, 'SHA-384 of the 3 bytes of a:b'])
  })

  it('digests JSON in its canonical form', async () => {
    const digest = createHash('sha384').update('{"a":[],"b":1}').digest('hex')

    expect(await shown('json:policy.json')).toEqual([
      digest,
      'SHA-384 of the 14 bytes of policy.json in canonical form (RFC 8785)',
    ])
  })

  it('digests the SubjectPublicKeyInfo of a public key', async () => {
    const der = publicKey.export({ type: 'spki', format: 'der' })

    expect(await shown('pubkey:owner.pem')).toEqual([
      createHash('sha384').update(der).digest('hex'),
      'SHA-384 of the public key owner.pem (ED25519; SubjectPublicKeyInfo, 44 bytes of DER)',
    ])
  })

  it('pads 32 bytes with zeros on the right when that is said', async () => {
    const expected = [SHA256_ABC.padEnd(96, '0'), '32 bytes given in hex, with zeros on the right']

    expect(await shown(`pad:${SHA256_ABC}`)).toEqual(expected)
    expect(await shown(`pad:hex:0x${SHA256_ABC}`)).toEqual(expected)
    expect((await shown(`pad:${Buffer.from(SHA256_ABC, 'hex').toString('base64')}`))[0]).toBe(expected[0])
  })

  it('takes a name for the ids of the ID block', async () => {
    expect(await shown('text:web-1', 'image-id')).toEqual([
      '7765622d310000000000000000000000',
      'the text "web-1", with zeros on the right',
    ])
    expect(await shown('0x000102030405060708090a0b0c0d0e0f', 'family-id')).toContain('16 bytes given in hex')
  })

  it.each([
    ['mrowner', SHA256_ABC, /32 bytes as hex and 48 bytes as base64/, /pad:ba78/],
    ['mrowner', `pad:${'ab'.repeat(31)}`, /behind pad: it is 31 bytes/, /Give 32 bytes/],
    ['host-data', `pad:${SHA256_ABC}`, /pad: is for fields longer/, /Give 32 bytes/],
    ['mrowner', 'file:', /no path stands behind file:/, /file:PATH/],
    ['mrowner', 'file:empty.bin', /empty.bin is empty/, /content/],
    ['mrowner', 'json:empty.bin', /empty.bin is empty/, /content/],
    ['mrowner', 'pubkey:empty.bin', /empty.bin is empty/, /content/],
    ['mrowner', 'json:twice.json', /twice.json: line 1, column 8: the key "a" stands twice/, /file:PATH/],
    ['mrowner', 'pubkey:secret.pem', /it holds a private key/, /-pubout/],
    ['mrowner', 'pubkey:both.pem', /it holds a private key/, /-pubout/],
    ['mrowner', 'pubkey:two.pem', /it holds 2 PEM blocks/, /the one key/],
    ['mrowner', 'pubkey:params.pem', /it holds a EC PARAMETERS/, /public key or a certificate/],
    ['mrowner', 'pubkey:broken.pem', /its PUBLIC KEY cannot be read/, /openssl pkey/],
    ['mrowner', 'pubkey:abc.txt', /no PEM block/, /BEGIN PUBLIC KEY/],
    ['mrowner', 'pubkey:ssh.pub', /form of OpenSSH/, /ssh-keygen -e -m PKCS8/],
    ['mrowner', 'sha384:abc.txt', /the form "sha384" is not known/, /file:PATH/],
    ['mrowner', 'text:me', /text: is for family-id and image-id/, /Give 48 bytes/],
    ['image-id', 'text:', /the text has 0 bytes/, /1 to 16/],
    ['image-id', 'text:seventeen letters', /the text has 17 bytes/, /1 to 16/],
    ['image-id', 'text:a\u0000', /control or format characters/, /plain name/],
    ['family-id', 'file:abc.txt', /no digest fits into its 16 bytes/, /text:NAME/],
  ] as const)('refuses for %s the value %j', async (field, word, why, next) => {
    await expect(readIdentityValue(word, field, read)).rejects.toMatchObject({
      code: 'IDENTITY_INVALID',
      message: `the value for ${IDENTITY_FIELDS[field].title} cannot be used`,
      why: expect.stringMatching(why),
      next: expect.stringMatching(next),
    })
  })
})

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { AuthenticodeSignature } from '../../../../src/firmware/pe/authenticode-signature.js'
import type { EmbeddedSignature, SignedImage } from '../../../../src/firmware/pe/signed-image.js'
import { certificateFacts } from '../../../../src/firmware/secure-boot/certificate-facts.js'
import { readCertificateFile } from '../../../../src/firmware/secure-boot/certificate-file.js'
import { judgeImage, signatureQuestions } from '../../../../src/firmware/secure-boot/judge-image.js'
import type { KeyEntry } from '../../../../src/firmware/secure-boot/secure-boot-state.js'

// `first` signs; `above` issued it, as far as the answers say; `other` has nothing to do with it.
const first = certificate('rsa-2048.pem')
const above = certificate('ec-p256.pem')
const other = certificate('rsa-1024-sha1.pem')
const DIGEST = { sha256: Buffer.alloc(32, 1), sha384: Buffer.alloc(48, 2) }

const good = signature(first)
const anchors = new Set([first, above])
const holds = (_: AuthenticodeSignature, der: Buffer) => anchors.has(der)
const judge = (image: SignedImage, db: readonly KeyEntry[], dbx: readonly KeyEntry[] = []) =>
  judgeImage(image, { on: true, db, dbx }, holds)

describe('judgeImage', () => {
  it.each([
    ['its signer', first],
    ['a certificate above its signer', above],
  ])('accepts a program when %s is in db', (_, anchor) => {
    expect(judge(image(good), [x509(other), x509(anchor)])).toMatchObject({
      accepted: true,
      reason: expect.stringContaining('under a certificate in db'),
    })
  })

  it('refuses one whose signer nobody in db stands for, and names it', () => {
    expect(judge(image(good), [x509(other)])).toEqual({
      accepted: false,
      reason: 'no certificate in db is its signer or stands above it: first',
      signatures: ['signature 1: by first; sha256; holds for this file'],
    })
  })

  it('refuses one that was changed after it was signed', () => {
    const { accepted, reason, signatures } = judge(image(signature(first, false)), [x509(first)])

    expect({ accepted, reason }).toEqual({ accepted: false, reason: expect.stringContaining('changed after') })
    expect(signatures).toEqual([expect.stringContaining('for another file')])
  })

  it('refuses one whose signature was not made with the key that it names', () => {
    expect(judge(image(signature(other)), [x509(other)])).toMatchObject({
      accepted: false,
      reason: 'no signature of it holds',
      signatures: [expect.stringContaining('does not hold')],
    })
  })

  it.each([
    ['a certificate above its signer', x509(above), /under a certificate in dbx: curve/],
    ['the digest of its signer', tbs(first), /its signer is in dbx: first/],
    ['the digest of the file', hash('sha256', DIGEST.sha256), /its SHA-256 digest 0101.* is in dbx/],
  ])('refuses one for which %s is in dbx, whatever db says', (_, entry, words) => {
    const db = [x509(first), hash('sha256', DIGEST.sha256)]

    expect(judge(image(good), db, [entry])).toMatchObject({ accepted: false, reason: expect.stringMatching(words) })
  })

  it('does not trust a certificate in db of which the digest is in dbx', () => {
    expect(judge(image(good), [x509(above)], [tbs(above)])).toMatchObject({ accepted: false })
    expect(judge(image(good), [x509(above), x509(first)], [tbs(above)])).toMatchObject({ accepted: true })
  })

  it('accepts one with two signatures for the second', () => {
    expect(judge(image(signature(other), good), [x509(first)])).toMatchObject({ accepted: true })
  })

  it('refuses one with two signatures when dbx has a word against either', () => {
    expect(judge(image(good, signature(other)), [x509(first)], [tbs(other)])).toMatchObject({ accepted: false })
  })

  it('goes on to the next signature when one cannot be read', () => {
    const { accepted, signatures } = judge(image({ readable: false, why: 'it is green' }, good), [x509(first)])

    expect(accepted).toBe(true)
    expect(signatures[0]).toBe('signature 1: cannot be read: it is green')
  })

  it('knows a signed program by its digest, in the algorithm of its signature', () => {
    const sha384 = { ...good, signature: { ...sound(first), digestAlgorithm: 'sha384', digest: DIGEST.sha384 } }

    expect(judge(image(good), [hash('sha256', DIGEST.sha256)])).toMatchObject({ accepted: true })
    expect(judge(image(good), [hash('sha384', DIGEST.sha384)])).toMatchObject({ accepted: false })
    expect(judge(image(sha384), [hash('sha384', DIGEST.sha384)])).toMatchObject({ accepted: true })
  })

  it('refuses one with a damaged certificate table, or one without a signature in it, even when db has its digest', () => {
    const db = [x509(first), hash('sha256', DIGEST.sha256)]

    expect(judge({ ...image(good), table: 'damaged' }, db)).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('damaged'),
    })
    expect(judge({ ...image(), table: 'whole' }, db)).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('holds no signature'),
    })
  })

  it('knows a program without a signature by its SHA-256 digest only', () => {
    expect(judge(image(), [hash('sha256', DIGEST.sha256)])).toMatchObject({ accepted: true })
    expect(judge(image(), [hash('sha384', DIGEST.sha384)])).toMatchObject({ accepted: false })
    expect(judge(image(), [x509(first)])).toEqual({
      accepted: false,
      reason: `it has no signature, and its SHA-256 digest ${'01'.repeat(32)} is not in db`,
      signatures: [],
    })
    expect(judge(image(), [hash('sha256', DIGEST.sha256)], [hash('sha256', DIGEST.sha256)])).toMatchObject({
      accepted: false,
    })
  })
})

describe('signatureQuestions', () => {
  it('ask for each signature about db, dbx and its signer', () => {
    const questions = signatureQuestions(image(good), { on: true, db: [x509(above)], dbx: [x509(other), tbs(other)] })

    expect(questions.map(({ certificate }) => certificate)).toEqual([above, other, first])
  })

  it('ask nothing about a signature for another file', () => {
    expect(signatureQuestions(image(signature(first, false)), { on: true, db: [x509(first)], dbx: [] })).toEqual([])
  })
})

function image(...signatures: readonly EmbeddedSignature[]): SignedImage {
  const table = signatures.length === 0 ? 'none' : 'whole'
  return { table, signatures, digest: (algorithm) => DIGEST[algorithm as keyof typeof DIGEST] }
}

function signature(signer: Buffer, matchesImage = true) {
  return { readable: true, signature: sound(signer), matchesImage } as const
}

function sound(signer: Buffer): AuthenticodeSignature {
  return {
    der: Buffer.concat([Buffer.from('signature by '), signer]),
    signedContent: Buffer.alloc(0),
    digest: DIGEST.sha256,
    digestAlgorithm: 'sha256',
    certificates: [signer],
    signers: [signer],
  }
}

function x509(data: Buffer): KeyEntry {
  return { owner: '', kind: 'x509', data }
}

function hash(kind: 'sha256' | 'sha384', data: Buffer): KeyEntry {
  return { owner: '', kind, data }
}

function tbs(der: Buffer): KeyEntry {
  const digest = createHash('sha256').update(certificateFacts(der).toBeSigned).digest()
  return { owner: '', kind: 'x509Sha256', data: Buffer.concat([digest, Buffer.alloc(16)]) }
}

function certificate(name: string): Buffer {
  const reading = readCertificateFile(readFileSync(new URL(`../../../fixtures/keys/${name}`, import.meta.url)))
  if (!reading.ok) throw new Error(reading.problem)
  return reading.certificate.der
}

import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { signatureList, writeSignatureLists } from '../../../../src/firmware/decode/signature-list.js'
import { certificateDoubts } from '../../../../src/firmware/secure-boot/certificate-doubts.js'
import { shortName } from '../../../../src/firmware/secure-boot/certificate-facts.js'
import { certificatePem, readCertificateFile } from '../../../../src/firmware/secure-boot/certificate-file.js'
import { aPe } from '../../../fixtures/a-pe.js'

const file = (name: string) => readFileSync(new URL(`../../../fixtures/keys/${name}`, import.meta.url))
const certificate = (name: string) => {
  const reading = readCertificateFile(file(name))
  if (!reading.ok) throw new Error(reading.problem)
  return reading.certificate
}
const problem = (bytes: Buffer) => {
  const reading = readCertificateFile(bytes)
  return reading.ok ? undefined : reading.problem
}
const rsa = certificate('rsa-2048.pem')
const pem = file('rsa-2048.pem')
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const keyPem = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }))

describe('readCertificateFile', () => {
  it('takes PEM and DER, and text around PEM', () => {
    const around = Buffer.concat([Buffer.from('subject=/CN=first\n'), pem, Buffer.from('\n')])

    expect(readCertificateFile(rsa.der)).toEqual({ ok: true, certificate: rsa })
    expect(readCertificateFile(around)).toEqual({ ok: true, certificate: rsa })
    expect(readCertificateFile(Buffer.from(certificatePem(rsa.der)))).toEqual({ ok: true, certificate: rsa })
    expect(shortName(rsa)).toBe('first')
  })

  it.each<[string, Buffer, RegExp]>([
    ['a private key in PEM', keyPem, /private key/],
    ['a private key behind a certificate', Buffer.concat([pem, keyPem]), /private key/],
    ['a private key in DER (PKCS#8)', privateKey.export({ type: 'pkcs8', format: 'der' }), /private key/],
    ['a private key in DER (SEC 1)', privateKey.export({ type: 'sec1', format: 'der' }), /private key/],
    ['two certificates', Buffer.concat([pem, file('ec-p256.pem')]), /2 certificates \(first; curve\)/],
    ['two certificates in DER', Buffer.concat([rsa.der, certificate('ec-p256.pem').der]), /2 certificates/],
    ['DER with something behind', Buffer.concat([rsa.der, Buffer.from('3000', 'hex')]), /more than one DER/],
    ['a request', file('request.pem'), /a request/],
    ['a PKCS#7 bundle', file('bundle.p7b'), /PKCS#7/],
    ['a PKCS#12 store', file('store.p12'), /PKCS#12/],
    ['a program', aPe(), /a program/],
    ['a signature list', list(), /signature list/],
    ['nothing', Buffer.alloc(0), /empty/],
    ['text', Buffer.from('hello'), /neither PEM nor DER/],
    ['half of a PEM file', pem.subarray(0, 400), /cut short/],
    ['DER cut short', rsa.der.subarray(0, 200), /neither PEM nor DER/],
    ['PEM with other bytes in it', Buffer.from(certificatePem(Buffer.from('30030201ff', 'hex'))), /can be read/],
  ])('refuses %s, and says what it is', (_, bytes, words) => {
    expect(problem(bytes)).toMatch(words)
  })
})

describe('certificateDoubts', () => {
  const then = new Date('2030-01-01')

  it('has none about a good certificate', () => {
    expect(certificateDoubts(rsa, then)).toEqual([])
  })

  it('tells dates, on the day that is given', () => {
    expect(certificateDoubts(rsa, new Date('2020-01-01'))).toEqual([
      expect.stringContaining('not valid before 2026-11-25'),
    ])
    expect(certificateDoubts(rsa, new Date('2200-01-01'))).toEqual([expect.stringContaining('expired on 2126-11-01')])
  })

  it('tells SHA-1 and short keys', () => {
    expect(certificateDoubts(certificate('rsa-1024-sha1.pem'), then)).toEqual([
      expect.stringContaining('SHA-1'),
      expect.stringContaining('1024 bits'),
    ])
  })

  it('tells keys that many firmwares cannot use', () => {
    const curve = certificate('ec-p256.pem')

    expect(curve.signatureDigest).toBe('sha384')
    expect(certificateDoubts(curve, then)).toEqual([expect.stringContaining('prime256v1')])
  })

  it('looks into the parameters of RSA-PSS for the digest', () => {
    expect(certificate('rsa-pss.pem').signatureDigest).toBe('sha256')
    expect(certificateDoubts(certificate('rsa-pss.pem'), then)).toEqual([])
  })
})

function list(): Buffer {
  return writeSignatureLists([
    signatureList('x509', [{ owner: '77fa9abd-0359-4d32-bd60-28f4e78f784b', data: rsa.der }]),
  ])
}

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeVariable, holdsSignatureLists } from '../../../../src/firmware/decode/describe.js'
import { signatureList, writeSignatureLists } from '../../../../src/firmware/decode/signature-list.js'
import { KEY_VARIABLE } from '../../../../src/firmware/secure-boot/key-variables.js'
import { GUID } from '../../../../src/firmware/variable.js'

const MICROSOFT = '77fa9abd-0359-4d32-bd60-28f4e78f784b'
const PEM = readFileSync(new URL('../../../fixtures/keys/rsa-2048.pem', import.meta.url))
const DER = Buffer.from(PEM.toString().replace(/-----.*-----/g, ''), 'base64')

const described = (name: string, guid: string, data: Buffer | string) =>
  describeVariable({ name, guid, attributes: 7, data: typeof data === 'string' ? Buffer.from(data, 'hex') : data })
const entry = (kind: Parameters<typeof signatureList>[0], data: Buffer) =>
  writeSignatureLists([signatureList(kind, [{ owner: MICROSOFT, data }])])

describe('describeVariable', () => {
  it('shows subject, issuer, validity and fingerprint of a certificate', () => {
    expect(described('db', GUID.imageSecurity, entry('x509', DER))).toEqual([
      `certificate, owner Microsoft (${MICROSOFT})`,
      '  subject: C=DE, O=Example, CN=first',
      '  issuer: itself',
      '  valid: 2026-11-25 to 2126-11-01; RSA 2048, sha256',
      // openssl x509 -in rsa-2048.pem -noout -fingerprint -sha256
      '  SHA-256 fingerprint: 3D:8D:A2:85:87:BC:58:85:07:86:23:42:F9:E5:55:D9:15:12:AF:F3:36:66:C9:E9:5F:C8:6B:23:5E:C1:A8:66',
    ])
  })

  it('says that PEM text in a list has no effect', () => {
    expect(described('db', GUID.imageSecurity, entry('x509', PEM)).join('\n')).toContain('the firmware reads only DER')
  })

  it('shows digests, with the filler named as one', () => {
    const nothing = Buffer.from('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'hex')

    expect(described('dbx', GUID.imageSecurity, entry('sha256', nothing))[0]).toMatch(/^sha256: e3b0.*a filler/)
    expect(described('dbx', GUID.imageSecurity, entry('sha384', Buffer.alloc(48, 1)))[0]).toMatch(
      /^sha384: (01){48}, owner/,
    )
  })

  it('shows digests of certificates with the day from which they are refused', () => {
    const always = Buffer.concat([Buffer.alloc(32, 2), Buffer.alloc(16)])
    const since = Buffer.concat([Buffer.alloc(32, 2), Buffer.from('e4070102030405000000000000000000', 'hex')])

    expect(described('dbx', GUID.imageSecurity, entry('x509Sha256', always))[0]).toContain('refused always')
    expect(described('dbx', GUID.imageSecurity, entry('x509Sha256', since))[0]).toContain(
      'refused for what is signed after 2020-01-02 03:04:05',
    )
  })

  it.each([
    ['BootOrder', GUID.global, '01000000', '0001,0000'],
    ['BootNext', GUID.global, '0a00', '000A'],
    ['Timeout', GUID.global, '0300', 'the boot menu waits 3 s'],
    ['Timeout', GUID.global, 'ffff', 'the boot menu waits for ever'],
    ['PlatformLang', GUID.global, '656e00', 'en'],
    ['SecureBootEnable', KEY_VARIABLE.SecureBootEnable.guid, '00', 'Secure Boot is off'],
    ['MokSBState', GUID.shim, '01', 'shim checks no signatures'],
    ['SbatLevel', GUID.shim, Buffer.from('sbat,1,2021030218\n').toString('hex'), 'sbat,1,2021030218'],
    ['ConIn', GUID.global, '02010c00d041030a000000007fff0400', 'PciRoot(0x0)'],
    ['OsIndications', GUID.global, '0000000000000000', 'nothing asked for'],
    ['Anything', GUID.global, '0102', '2 bytes: 0102'],
    ['Anything', GUID.global, '', 'empty'],
    ['Anything', GUID.global, '680069000000', '"hi"'],
    ['PK', GUID.global, '', 'no entries'],
    // A name means something only with its vendor.
    ['Timeout', GUID.shim, '0300', '2 bytes: 0300'],
  ])('shows %s of %s with %s as: %s', (name, guid, data, line) => {
    expect(described(name, guid, data)).toEqual([line])
  })

  it('shows a boot option with its path and options', () => {
    const data =
      '090100002c0055006900410070007000000004071400c9bdb87cebf8344faaea3ee4af6516a10406140021aa2c4614760345836e8ab6f46623317fff0400' +
      '61006200'

    expect(described('Boot0000', GUID.global, data)).toEqual([
      '"UiApp", active, hidden, application',
      'Fv(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/FvFile(462caa21-7614-4503-836e-8ab6f4662331)',
      'options: "ab"',
    ])
  })

  it('says of what it cannot read why, and shows the bytes', () => {
    expect(described('Timeout', GUID.global, '030000')).toEqual([
      'cannot be read: 3 bytes where 2 belong',
      '3 bytes: 030000',
    ])
  })

  it('never throws and never says nothing, whatever the bytes are', () => {
    const known = fc.constantFrom<readonly [string, string]>(
      ...['PK', 'KEK', 'Boot0000', 'BootOrder', 'BootNext', 'Timeout', 'Lang', 'ConOut', 'OsIndications'].map(
        (name) => [name, GUID.global] as const,
      ),
      ...['db', 'dbx'].map((name) => [name, GUID.imageSecurity] as const),
      ...['MokList', 'MokSBState', 'SbatLevel', 'FB_NO_REBOOT'].map((name) => [name, GUID.shim] as const),
    )
    const raw = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes))
    const certificate = fc.tuple(fc.nat(DER.length - 1), fc.nat(255)).map(([at, value]) => {
      const der = Buffer.from(DER)
      der[at] = value
      return entry('x509', der)
    })
    fc.assert(
      fc.property(known, fc.oneof(raw, certificate), ([name, guid], data) => {
        expect(described(name, guid, data).join('')).not.toBe('')
      }),
      { numRuns: 600 },
    )
  })
})

describe('holdsSignatureLists', () => {
  it('knows the variables that consist of lists', () => {
    expect(holdsSignatureLists(KEY_VARIABLE.db)).toBe(true)
    expect(holdsSignatureLists({ name: 'db', guid: GUID.global })).toBe(false)
    expect(holdsSignatureLists({ name: 'Timeout', guid: GUID.global })).toBe(false)
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  readSignatureLists,
  signatureList,
  writeSignatureLists,
} from '../../../../src/firmware/decode/signature-list.js'
import { readCertificateFile } from '../../../../src/firmware/secure-boot/certificate-file.js'
import { ENROLLED_AT, type EnrollmentWish, planEnrollment } from '../../../../src/firmware/secure-boot/enrollment.js'
import { KEY_VARIABLE } from '../../../../src/firmware/secure-boot/key-variables.js'
import { microsoftKeys } from '../../../../src/firmware/secure-boot/microsoft-keys.js'
import { signatureFile } from '../../../../src/firmware/secure-boot/signature-file.js'
import { type FirmwareVariable, GUID } from '../../../../src/firmware/variable.js'

const OWNER = '11111111-2222-3333-4444-555555555555'
const MICROSOFT = '77fa9abd-0359-4d32-bd60-28f4e78f784b'
const first = certificate('rsa-2048.pem')
const curve = certificate('ec-p256.pem')
const weak = certificate('rsa-1024-sha1.pem')
const NOTHING: EnrollmentWish = {
  pk: undefined,
  kek: [],
  db: [],
  dbx: [],
  mok: [],
  microsoft: { kek: [], db: [] },
  owner: OWNER,
}
const FULL: EnrollmentWish = { ...NOTHING, pk: first, kek: [curve], db: [first, curve] }
const TIMEOUT: FirmwareVariable = { name: 'Timeout', guid: GUID.global, attributes: 7, data: Buffer.from([3, 0]) }

const named = (variables: readonly FirmwareVariable[], name: string) => variables.find((each) => each.name === name)
const entries = (variable: FirmwareVariable | undefined) =>
  readSignatureLists(variable?.data ?? Buffer.alloc(0)).flatMap(({ signatures }) => signatures)

describe('planEnrollment', () => {
  it('sets keys with their attributes and always the same time, and switches Secure Boot on', () => {
    const { set, after, problems } = planEnrollment(FULL, [TIMEOUT])

    expect(problems).toEqual([])
    expect(set.map(({ name, guid, attributes }) => [name, guid, attributes])).toEqual([
      ['PK', '8be4df61-93ca-11d2-aa0d-00e098032b8c', 0x27],
      ['KEK', '8be4df61-93ca-11d2-aa0d-00e098032b8c', 0x27],
      ['db', 'd719b2cb-3d3a-4596-a3bc-dad00e67656f', 0x27],
      ['dbx', 'd719b2cb-3d3a-4596-a3bc-dad00e67656f', 0x27],
      ['SecureBootEnable', 'f0a30bc7-af08-4556-99c4-001009c93a44', 0x3],
      ['CustomMode', 'c076ec0c-7028-4399-a072-71ee5c448b9f', 0x3],
    ])
    expect(set.map(({ time }) => time)).toEqual([
      ENROLLED_AT,
      ENROLLED_AT,
      ENROLLED_AT,
      ENROLLED_AT,
      undefined,
      undefined,
    ])
    expect(ENROLLED_AT.readUInt16LE(0)).toBe(2010)
    expect([named(set, 'SecureBootEnable')?.data[0], named(set, 'CustomMode')?.data[0]]).toEqual([1, 0])
    expect(after).toContain(TIMEOUT)
  })

  it('gives each certificate a list of its own, in the order given, once', () => {
    const { set } = planEnrollment({ ...FULL, db: [curve, first, curve] }, [])

    const lists = readSignatureLists(named(set, 'db')?.data ?? Buffer.alloc(0))
    expect(lists.map(({ signatures }) => signatures)).toEqual([
      [{ owner: OWNER, data: curve.der }],
      [{ owner: OWNER, data: first.der }],
    ])
  })

  it("puts Microsoft's certificates behind ours, with their owner", () => {
    const microsoft = { kek: [], db: [{ owner: MICROSOFT, data: weak.der }] }

    const { set } = planEnrollment({ ...FULL, microsoft }, [])

    expect(entries(named(set, 'db')).map(({ owner }) => owner)).toEqual([OWNER, OWNER, MICROSOFT])
  })

  it('fills an empty dbx with a digest that refuses nothing, and leaves one that is there', () => {
    const present = { ...KEY_VARIABLE.dbx, data: writeSignatureLists([signatureList('sha256', [entry(32, 7)])]) }

    expect(entries(named(planEnrollment(FULL, []).set, 'dbx'))[0]?.data.toString('hex')).toMatch(/^e3b0c442/)
    expect(named(planEnrollment(FULL, [present]).set, 'dbx')).toBeUndefined()
  })

  it('gathers digests of one kind in one list, keeps certificates apart, and lists as they are', () => {
    const digest = (bytes: number, value: number) => Buffer.alloc(bytes, value)
    const dbx = [
      { kind: 'sha256' as const, digest: digest(32, 1) },
      { kind: 'x509' as const, certificate: weak },
      { kind: 'sha384' as const, digest: digest(48, 2) },
      { kind: 'sha256' as const, digest: digest(32, 3) },
      { kind: 'sha256' as const, digest: digest(32, 1) },
      { kind: 'list' as const, list: signatureList('sha256', [entry(32, 4), entry(32, 5)]) },
    ]

    const { set } = planEnrollment({ ...FULL, dbx }, [])

    const lists = readSignatureLists(named(set, 'dbx')?.data ?? Buffer.alloc(0))
    expect(lists.map(({ signatures }) => signatures.map(({ data }) => data))).toEqual([
      [digest(32, 1), digest(32, 3)],
      [digest(48, 2)],
      [weak.der],
      [digest(32, 4), digest(32, 5)],
    ])
  })

  it('sets MokList so that shim keeps it, and nothing else when only that is asked for', () => {
    const { set, notes } = planEnrollment({ ...NOTHING, mok: [curve] }, [])

    expect(set.map(({ name, attributes, time }) => [name, attributes, time])).toEqual([['MokList', 0x3, undefined]])
    expect(notes).toEqual([expect.stringContaining('Secure Boot is off')])
  })

  it('changes nothing when it is done again', () => {
    const once = planEnrollment(FULL, [TIMEOUT]).after

    expect(planEnrollment(FULL, once).after).toEqual(once)
  })

  it.each<[string, EnrollmentWish, RegExp]>([
    ['nothing to enroll', NOTHING, /nothing to enroll/],
    ['no PK', { ...FULL, pk: undefined }, /without a PK/],
    ['an empty db', { ...FULL, db: [] }, /db would be empty/],
    ['a certificate in db and dbx', { ...FULL, dbx: [{ kind: 'x509', certificate: curve }] }, /curve is in both/],
  ])('finds a problem in %s', (_, wish, words) => {
    expect(planEnrollment(wish, []).problems.join('\n')).toMatch(words)
  })

  it('takes the PK and db that are there already', () => {
    const present = planEnrollment(FULL, []).after

    expect(planEnrollment({ ...NOTHING, kek: [weak] }, present).problems).toEqual([])
  })

  it('notes that without a KEK nothing can be updated', () => {
    expect(planEnrollment({ ...FULL, kek: [] }, []).notes).toEqual([expect.stringContaining('no KEK')])
  })
})

describe('signatureFile', () => {
  const lists = [signatureList('sha256', [entry(32, 1), entry(32, 2)])]
  const bare = writeSignatureLists(lists)
  const update = Buffer.concat([
    Buffer.from('da07030613111500000000000000000020000000' + '0002f10e' + '9dd2af4adf68ee498aa9347d375665a7', 'hex'),
    Buffer.alloc(8),
    bare,
  ])

  it('reads bare lists, and those in a signed update', () => {
    expect(signatureFile(bare)).toEqual({ lists, payload: bare })
    expect(signatureFile(update)).toEqual({ lists, payload: bare, time: update.subarray(0, 16) })
  })

  it('reads an update that deletes as one without lists', () => {
    expect(signatureFile(update.subarray(0, -bare.length))).toMatchObject({ lists: [], payload: Buffer.alloc(0) })
  })

  it('reads nothing else', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(60), first.der, update.subarray(0, 45), bare.subarray(1)])
      expect(signatureFile(bytes)).toBeUndefined()
  })
})

describe('microsoftKeys', () => {
  it('are the certificates with the owner of Microsoft', () => {
    const lists = [
      signatureList('x509', [{ owner: OWNER, data: first.der }]),
      signatureList('x509', [{ owner: MICROSOFT, data: curve.der }]),
      signatureList('sha256', [entry(32, 1)]),
    ]
    const db = { ...KEY_VARIABLE.db, data: writeSignatureLists(lists) }

    expect(microsoftKeys([db])).toEqual({ kek: [], db: [{ owner: MICROSOFT, data: curve.der }] })
  })
})

function certificate(name: string) {
  const reading = readCertificateFile(readFileSync(new URL(`../../../fixtures/keys/${name}`, import.meta.url)))
  if (!reading.ok) throw new Error(reading.problem)
  return reading.certificate
}

function entry(bytes: number, value: number) {
  return { owner: MICROSOFT, data: Buffer.alloc(bytes, value) }
}

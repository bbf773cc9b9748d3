import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authenticodeDigest } from '../../../../src/firmware/pe/authenticode-digest.js'
import { readCertificateTable } from '../../../../src/firmware/pe/certificate-table.js'
import { readPe } from '../../../../src/firmware/pe/pe-file.js'
import { readSignedImage } from '../../../../src/firmware/pe/signed-image.js'
import { aPe, CERTIFICATE_ENTRY_AT, CHECKSUM_AT, filled, HEADERS_BYTES } from '../../../fixtures/a-pe.js'

const digest = (bytes: Buffer) => authenticodeDigest(readPe(bytes), 'sha256').toString('hex')
/** All but the checksum and the entry of the certificate table, counted by hand. */
const byHand = (bytes: Buffer, end = bytes.length) =>
  createHash('sha256')
    .update(bytes.subarray(0, CHECKSUM_AT))
    .update(bytes.subarray(CHECKSUM_AT + 4, CERTIFICATE_ENTRY_AT))
    .update(bytes.subarray(CERTIFICATE_ENTRY_AT + 8, end))
    .digest('hex')

/** Puts a certificate table with these entries behind a program. */
function signedWith(program: Buffer, table: Buffer): Buffer {
  const bytes = Buffer.concat([program, table])
  bytes.writeUInt32LE(program.length, CERTIFICATE_ENTRY_AT)
  bytes.writeUInt32LE(table.length, CERTIFICATE_ENTRY_AT + 4)
  return bytes
}

function winCertificate(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(8 + data.length, 0)
  head.writeUInt16LE(0x0200, 4)
  head.writeUInt16LE(type, 6)
  return Buffer.concat([head, data, Buffer.alloc((8 - (data.length % 8)) % 8)])
}

describe('authenticodeDigest', () => {
  it('leaves out the checksum and the certificate table with its entry', () => {
    const program = aPe({ sections: [filled(0x200, 1), filled(0x400, 2)] })
    const signed = signedWith(program, winCertificate(2, filled(100, 9)))
    signed.writeUInt32LE(0x12345678, CHECKSUM_AT)

    expect(digest(program)).toBe(byHand(program))
    expect(digest(signed)).toBe(digest(program))
  })

  it('takes the sections in the order of their places, not of the table', () => {
    const program = aPe({ sections: [filled(0x200, 1), filled(0x200, 2)] })
    const table = CERTIFICATE_ENTRY_AT - 32 + 16 * 8
    const [first, second] = [program.readUInt32LE(table + 20), program.readUInt32LE(table + 60)]
    program.writeUInt32LE(second, table + 20)
    program.writeUInt32LE(first, table + 60)

    expect(digest(program)).toBe(byHand(program))
  })

  it('takes what lies behind the sections, without padding it', () => {
    const program = aPe({ tail: filled(13, 7) })

    expect(digest(program)).toBe(byHand(program))
  })

  it('knows headers without a place for signatures', () => {
    const program = aPe({ directories: 4 })

    expect(readPe(program).certificateEntryAt).toBeUndefined()
    expect(digest(program)).toBe(
      createHash('sha256')
        .update(program.subarray(0, CHECKSUM_AT))
        .update(program.subarray(CHECKSUM_AT + 4))
        .digest('hex'),
    )
  })

  it('changes with every byte that counts', () => {
    const program = aPe()
    fc.assert(
      fc.property(fc.integer({ min: HEADERS_BYTES, max: program.length - 1 }), (at) => {
        const other = Buffer.from(program)
        other[at] = (other[at] ?? 0) ^ 1

        expect(digest(other)).not.toBe(digest(program))
      }),
      { numRuns: 50 },
    )
  })
})

describe('readPe', () => {
  const bad: readonly [string, (pe: Buffer) => Buffer, RegExp][] = [
    ['text', () => Buffer.from('#!/bin/sh\n'), /begin with MZ/],
    ['a DOS program', (pe) => patched(pe, 0x3c, 0xffffff), /no PE header/],
    ['a foreign optional header', (pe) => patched(pe, 0x58, 0x107), /0x107/],
    ['headers cut short', (pe) => pe.subarray(0, 0x120), /cut short/],
    ['headers beyond the file', (pe) => patched(pe, 0x58 + 60, 0x1000000), /headers have 16777216/],
    ['headers of no bytes', (pe) => patched(pe, 0x58 + 60, 0), /headers have 0/],
    ['a section beyond the file', (pe) => pe.subarray(0, pe.length - 1), /sections lies beyond/],
    ['a table beyond the file', (pe) => patched(pe, CERTIFICATE_ENTRY_AT + 4, 0xffffffff), /table lies beyond/],
  ]
  it.each(bad)('refuses %s', (_, damage, words) => {
    expect(() => readPe(damage(aPe()))).toThrow(words)
  })

  it('throws nothing but RangeError, whatever is damaged', () => {
    const changes = fc.array(fc.tuple(fc.nat(HEADERS_BYTES - 1), fc.nat(255)), { maxLength: 6 })
    const program = signedWith(aPe(), winCertificate(2, filled(40, 0x30)))
    fc.assert(
      fc.property(changes, fc.nat(program.length), (list, length) => {
        const bytes = Buffer.from(program)
        for (const [at, value] of list) bytes[at] = value
        for (const each of [bytes, bytes.subarray(0, length)]) {
          try {
            readSignedImage(each).digest('sha256')
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError)
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('readCertificateTable', () => {
  it('is read in order, with or without a GUID; other kinds are skipped', () => {
    const pkcs7Guid = Buffer.from('9dd2af4adf68ee498aa9347d375665a7', 'hex')
    const table = Buffer.concat([
      winCertificate(0x0002, Buffer.from('first')),
      winCertificate(0x0ef0, Buffer.from('other kind')),
      winCertificate(0x0ef1, Buffer.concat([pkcs7Guid, Buffer.from('second')])),
      winCertificate(0x0ef1, Buffer.concat([filled(16, 0), Buffer.from('other GUID')])),
    ])

    const { state, signatures } = readCertificateTable(readPe(signedWith(aPe(), table)))

    expect(state).toBe('whole')
    expect(signatures.map(String)).toEqual(['first', 'second'])
  })

  it('is damaged when its entries do not end where it ends', () => {
    const entry = winCertificate(2, Buffer.from('first'))
    const table = (bytes: Buffer) => readCertificateTable(readPe(signedWith(aPe(), bytes)))

    expect(table(Buffer.concat([entry, filled(8, 0)]))).toMatchObject({ state: 'damaged', signatures: { length: 1 } })
    expect(table(entry.subarray(0, 8))).toEqual({ state: 'damaged', signatures: [] })
    expect(readCertificateTable(readPe(aPe()))).toEqual({ state: 'none', signatures: [] })
  })

  it('with entries that are no PKCS#7 is told as such', () => {
    const image = readSignedImage(signedWith(aPe(), winCertificate(2, filled(40, 0x30))))

    expect(image.signatures).toEqual([{ readable: false, why: expect.any(String) }])
  })
})

function patched(bytes: Buffer, at: number, value: number): Buffer {
  if (value <= 0xffff && at === 0x58) bytes.writeUInt16LE(value, at)
  else bytes.writeUInt32LE(value, at)
  return bytes
}

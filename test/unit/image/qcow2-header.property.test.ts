import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { QCOW2_HEAD_BYTES, readQcow2Header } from '../../../src/image/qcow2-header.js'
import { aQcow2Header, FILE_BYTES } from './a-qcow2-header.js'

const mutations = fc.array(fc.tuple(fc.integer({ min: 8, max: 255 }), fc.integer({ min: 0, max: 255 })), {
  maxLength: 12,
})

function mutated(changes: readonly (readonly [number, number])[]): Buffer {
  const head = aQcow2Header()
  for (const [at, value] of changes) head[at] = value
  return head
}

describe('readQcow2Header, whatever the bytes are', () => {
  it('gives a verdict on random bytes behind the magic', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 512 }), fc.constantFrom(2, 3, 9), (rest, version) => {
        const head = Buffer.concat([Buffer.from([0x51, 0x46, 0x49, 0xfb, 0, 0, 0, version]), rest])

        expect(readQcow2Header({ head, fileSizeBytes: head.length }).ok).toBeTypeOf('boolean')
      }),
      { numRuns: 5000 },
    )
  })

  it('never accepts a backing file, a data file, encryption or an unknown incompatible bit', () => {
    let accepted = 0
    fc.assert(
      fc.property(mutations, (changes) => {
        const head = mutated(changes)
        const verdict = readQcow2Header({ head, fileSizeBytes: FILE_BYTES })
        if (!verdict.ok) return
        accepted += 1
        expect(head.readBigUInt64BE(8)).toBe(0n)
        expect(head.readUInt32BE(32)).toBe(0)
        if (head.readUInt32BE(4) === 3) expect(head.readBigUInt64BE(72) & ~0b11001n).toBe(0n)
        expect(head.readUInt32BE(20)).toBeGreaterThanOrEqual(9)
        expect(head.readUInt32BE(20)).toBeLessThanOrEqual(21)
        expect(head.readBigUInt64BE(24)).toBeLessThanOrEqual(2n ** 41n)
        expect(head.readBigUInt64BE(40)).toBeLessThan(BigInt(FILE_BYTES))
      }),
      { numRuns: 20_000 },
    )
    // Otherwise the property would hold for a parser that refuses everything.
    expect(accepted).toBeGreaterThan(100)
  })

  it('never accepts a header with one forbidden thing and any other change', () => {
    const forbidden = fc.oneof(
      fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map((value) => ({ at: 8, value })),
      fc.integer({ min: 5, max: 63 }).map((bit) => ({ at: 72, value: 1n << BigInt(bit) })),
      fc.constantFrom({ at: 72, value: 4n }, { at: 72, value: 2n }),
    )
    fc.assert(
      fc.property(mutations, forbidden, (changes, { at, value }) => {
        const head = mutated(changes)
        head.writeUInt32BE(3, 4)
        head.writeBigUInt64BE(value, at)

        expect(readQcow2Header({ head, fileSizeBytes: FILE_BYTES }).ok).toBe(false)
      }),
      { numRuns: 5000 },
    )
  })

  it('decides within 5 ms on two mebibytes of the smallest extensions', () => {
    const head = Buffer.alloc(QCOW2_HEAD_BYTES, Buffer.from([0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0]))
    aQcow2Header({ clusterBits: 21 }).copy(head, 0, 0, 112)
    readQcow2Header({ head, fileSizeBytes: head.length })
    const times = Array.from({ length: 21 }, () => {
      const began = performance.now()
      expect(readQcow2Header({ head, fileSizeBytes: head.length })).toMatchObject({ refused: 'IMAGE_CORRUPT' })
      return performance.now() - began
    }).sort((a, b) => a - b)

    // The median: a busy machine may take the processor away once.
    expect(times[10]).toBeLessThan(5)
  })
})

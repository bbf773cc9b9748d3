import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyEdits, type VariableEdit } from '../../../src/firmware/edit-variables.js'
import { lintStore } from '../../../src/firmware/lint-store.js'
import { variableKey } from '../../../src/firmware/named-variable.js'
import { readStore } from '../../../src/firmware/read-store.js'
import type { StoredVariable } from '../../../src/firmware/store-types.js'
import { byNameAndGuid, writeRecords, writeVariables } from '../../../src/firmware/write-store.js'
import { anEmptyStore } from './a-store.js'

const GUIDS = ['8be4df61-93ca-11d2-aa0d-00e098032b8c', '605dab50-e046-4300-abb6-3dd810dd8b23']

/** Any name that UTF-16 can hold, halves of characters among them, but NUL. */
const names = fc.oneof(
  fc.constantFrom('Timeout', 'Boot0001', 'db'),
  fc
    .array(fc.integer({ min: 1, max: 0xffff }), { minLength: 1, maxLength: 6 })
    .map((units) => String.fromCharCode(...units)),
)
const bytes = (lengths: { minLength: number; maxLength: number }) =>
  fc.uint8Array(lengths).map((array) => Buffer.from(array))
const nonZero = (buffer: Buffer) => buffer.some((byte) => byte !== 0)

const variables: fc.Arbitrary<StoredVariable> = fc.record(
  {
    name: names,
    guid: fc.constantFrom(...GUIDS),
    attributes: fc.integer({ min: 0, max: 0xffffffff }),
    data: bytes({ minLength: 1, maxLength: 40 }),
    time: bytes({ minLength: 16, maxLength: 16 }).filter(nonZero),
    monotonicCount: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
    publicKeyIndex: fc.integer({ min: 1, max: 0xffffffff }),
  },
  { requiredKeys: ['name', 'guid', 'attributes', 'data'] },
)
const lists = fc.uniqueArray(variables, { selector: variableKey, maxLength: 8 })

const edits: fc.Arbitrary<VariableEdit> = fc.oneof(
  variables.map((variable) => ({ kind: 'set', variable }) as const),
  fc.record({ kind: fc.constant('delete' as const), name: names, guid: fc.constantFrom(...GUIDS) }),
)

function write(file: Buffer, list: readonly StoredVariable[]): Buffer {
  return writeVariables(file, readStore(file), list)
}

describe('a variable store, whatever is put into it', () => {
  it('gives back what was written, and breaks no rule of the firmware', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const file = write(anEmptyStore(), list)

        expect(readStore(file).variables).toEqual([...list].sort(byNameAndGuid))
        expect(lintStore(file, readStore(file))).toEqual([])
        expect(writeRecords(file, readStore(file), readStore(file).records).equals(file)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('is after one edit after the other what all of them at once make of it', () => {
    fc.assert(
      fc.property(lists, fc.array(edits, { maxLength: 10 }), (list, changes) => {
        const before = write(anEmptyStore(), list)
        let stepwise = before
        for (const change of changes) stepwise = write(stepwise, applyEdits(readStore(stepwise).variables, [change]))
        const atOnce = write(before, applyEdits(readStore(before).variables, changes))
        const net = new Map(list.map((each) => [variableKey(each), each]))
        for (const change of changes) {
          if (change.kind === 'set') net.set(variableKey(change.variable), change.variable)
          else net.delete(variableKey(change))
        }

        expect(stepwise.equals(atOnce)).toBe(true)
        expect(atOnce.equals(write(anEmptyStore(), [...net.values()]))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('is read or refused when any bytes of it are others, and never crashes a reader', () => {
    let read = 0
    const places = fc.oneof(fc.integer({ min: 0, max: 0x63 }), fc.integer({ min: 0x64, max: 0x400 }))
    const mutations = fc.array(fc.tuple(places, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(lists, mutations, fc.integer({ min: 0, max: 0x20000 }), (list, changes, length) => {
        const file = write(anEmptyStore(), list)
        for (const [at, value] of changes) file[at] = value
        for (const mutated of [file, file.subarray(0, length)]) {
          try {
            const store = readStore(mutated)
            read += 1
            expect(lintStore(mutated, store)).toBeInstanceOf(Array)
            expect(writeRecords(mutated, store, store.records).length).toBe(mutated.length)
          } catch (error) {
            expect(error).toMatchObject({ code: 'FIRMWARE_FILE_REFUSED' })
          }
        }
      }),
      { numRuns: 200 },
    )
    // Otherwise the property would hold for a reader that refuses everything.
    expect(read).toBeGreaterThan(100)
  })
})

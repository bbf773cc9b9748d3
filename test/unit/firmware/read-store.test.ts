import { describe, expect, it } from 'vitest'
import { findStore } from '../../../src/firmware/find-store.js'
import { readStore } from '../../../src/firmware/read-store.js'
import { RECORD_STATE } from '../../../src/firmware/store-layout.js'
import { writeRecords, writeVariables } from '../../../src/firmware/write-store.js'
import { anEmptyStore, aVariable } from './a-store.js'

/** A file with one record for each state, in this order; all of one variable, told apart by their data. */
function withStates(...states: readonly number[]): Buffer {
  const file = anEmptyStore()
  const one = readStore(writeVariables(file, readStore(file), [aVariable()])).records[0]
  if (one === undefined) throw new Error('no record was written')
  const records = states.map((state, index) => ({ ...one, state, data: Buffer.from([index, 0]) }))
  return writeRecords(file, readStore(file), records)
}

function liveData(file: Buffer): readonly (number | undefined)[] {
  return readStore(file).variables.map(({ data }) => data[0])
}

describe('readStore', () => {
  it('reads the fields of a record from their places', () => {
    const file = anEmptyStore()
    // By hand, from edk2's AUTHENTICATED_VARIABLE_HEADER.
    const record = [
      'aa553f00',
      '27000000',
      '0807060504030201',
      'e907030a02351e000000000000000000',
      '04030201',
      '06000000',
      '03000000',
      'cbb219d73a3d9645a3bcdad00e67656f',
      '640062000000',
      'c0ffee',
      'ffffff',
    ].join('')
    file.write(record, 0x64, 'hex')

    expect(readStore(file).variables).toEqual([
      {
        name: 'db',
        guid: 'd719b2cb-3d3a-4596-a3bc-dad00e67656f',
        attributes: 0x27,
        data: Buffer.from('c0ffee', 'hex'),
        time: Buffer.from('e907030a02351e000000000000000000', 'hex'),
        monotonicCount: 0x0102030405060708n,
        publicKeyIndex: 0x01020304,
      },
    ])
  })

  const { headerOnly, live, inTransition, deleted, deletedAfterTransition } = RECORD_STATE
  it.each([
    ['a live one', [live], [0]],
    ['none that was deleted', [deleted, deletedAfterTransition], []],
    ['none of which only the header is written', [headerOnly], []],
    ['one in transition whose successor was never written', [inTransition, headerOnly], [0]],
    ['the successor of one in transition', [inTransition, live], [1]],
    ['the successor of one in transition that stands before it', [live, inTransition], [0]],
    ['the first of two live ones', [live, live], [0]],
    ['a live one among deleted ones', [deleted, deletedAfterTransition, live, deleted], [2]],
  ])('finds %s', (_, states, found) => {
    expect(liveData(withStates(...states))).toEqual(found)
  })

  it('keeps variables apart that differ in their GUID only', () => {
    const file = anEmptyStore()
    const variables = [aVariable(), aVariable({ guid: '605dab50-e046-4300-abb6-3dd810dd8b23' })]

    expect(readStore(writeVariables(file, readStore(file), variables)).variables).toHaveLength(2)
  })

  it('reads up to a record that runs past the end, and says so', () => {
    const file = withStates(RECORD_STATE.live, RECORD_STATE.live)
    const second = readStore(file).records[1]
    file.writeUInt32LE(0xdfb8, (second?.offset ?? 0) + 0x28)

    expect(readStore(file)).toMatchObject({ broken: expect.stringMatching(/runs past the end/), variables: [{}] })
  })

  it.each([
    ['there is none', Buffer.alloc(0x20000, 0xff), /no variable store/],
    ['the file is empty', Buffer.alloc(0), /no variable store/],
    ['it has the old form', withStoreGuid('1636cfdd7532644198b6fe85707ffe7d'), /old form/],
    ['something else is in the volume', withStoreGuid('00'.repeat(16)), /no variable store but something/],
    ['the file ends in its header', anEmptyStore().subarray(0, 0x50), /ends before its store/],
  ])('refuses a file when %s', (_, file, words) => {
    expect(() => readStore(file)).toThrow(words)
    expect(() => readStore(file)).toThrow(expect.objectContaining({ code: 'FIRMWARE_FILE_REFUSED' }))
  })
})

describe('findStore', () => {
  it('steps over the volume of files before it, even when a store seems to be inside of that', () => {
    const firmware = Buffer.alloc(0x10000, 0xff)
    firmware.write('78e58c8c3d8a1c4f9935896185c32dd3', 0x10, 'hex')
    firmware.writeBigUInt64LE(0x10000n, 0x20)
    anEmptyStore().copy(firmware, 0x4000, 0, 0x100)

    expect(findStore(Buffer.concat([firmware, anEmptyStore()]))).toBe(0x10000)
  })

  it('ends although a volume says that it has no bytes', () => {
    const firmware = Buffer.alloc(0x1000)
    firmware.write('78e58c8c3d8a1c4f9935896185c32dd3', 0x10, 'hex')

    expect(findStore(Buffer.concat([firmware, anEmptyStore()]))).toBe(0x1000)
  })
})

function withStoreGuid(hex: string): Buffer {
  const file = anEmptyStore()
  file.write(hex, 0x48, 'hex')
  return file
}

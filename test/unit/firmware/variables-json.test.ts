import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newDocument, readVariablesJson, writeVariablesJson } from '../../../src/firmware/variables-json.js'
import { byNameAndGuid } from '../../../src/firmware/write-store.js'
import { aVariable } from './a-store.js'

const PK = {
  name: 'PK',
  guid: '8be4df61-93ca-11d2-aa0d-00e098032b8c',
  attr: 39,
  data: 'c0ffee',
  time: 'e907030a02351e000000000000000000',
}

function read(...variables: readonly unknown[]) {
  return readVariablesJson(JSON.stringify({ version: 2, variables }))
}

describe('readVariablesJson', () => {
  it("reads QEMU's form", () => {
    expect(read(PK, { ...PK, name: 'X', time: undefined }).variables).toEqual([
      {
        name: 'PK',
        guid: PK.guid,
        attributes: 0x27,
        data: Buffer.from('c0ffee', 'hex'),
        time: Buffer.from(PK.time, 'hex'),
      },
      { name: 'X', guid: PK.guid, attributes: 0x27, data: Buffer.from('c0ffee', 'hex') },
    ])
  })

  it.each([
    ['it is not JSON', '{', /not JSON/],
    ['it is a list', '[]', /not an object/],
    ['it has another version', '{"version":3,"variables":[]}', /version is 3/],
    ['it has no list', '{"version":2}', /no list "variables"/],
    ['a variable is none', '{"variables":[7]}', /variables\[0\] is not an object/],
    ['a name is absent', JSON.stringify({ variables: [{ ...PK, name: 1 }] }), /variables\[0\] has no name/],
    ['a GUID is none', JSON.stringify({ variables: [{ ...PK, guid: 'x' }] }), /guid of variables\[0\] \(PK\)/],
    ['attributes are text', JSON.stringify({ variables: [{ ...PK, attr: '39' }] }), /attr of/],
    ['attributes are too large', JSON.stringify({ variables: [{ ...PK, attr: 2 ** 32 }] }), /attr of/],
    ['data have an odd digit', JSON.stringify({ variables: [{ ...PK, data: 'abc' }] }), /data of/],
    ['a time is short', JSON.stringify({ variables: [{ ...PK, time: '00' }] }), /time of/],
    ['one is there twice', JSON.stringify({ variables: [PK, { ...PK, guid: PK.guid.toUpperCase() }] }), /twice/],
  ])('refuses a file when %s', (_, text, words) => {
    expect(() => readVariablesJson(text)).toThrow(
      expect.objectContaining({ code: 'FIRMWARE_FILE_REFUSED', why: expect.stringMatching(words) }),
    )
  })
})

describe('writeVariablesJson', () => {
  it('keeps members that it does not know, of the file and of each variable', () => {
    const text = JSON.stringify({ version: 2, comment: 'mine', variables: [{ ...PK, digest: 'ab', x: [1] }] })

    expect(JSON.parse(writeVariablesJson(readVariablesJson(text)))).toEqual(JSON.parse(text))
  })

  it('gives a time to variables that are authenticated by one, and to others only when they have it', () => {
    const document = newDocument([aVariable({ name: 'timed', attributes: 0x27 }), aVariable({ name: 'plain' })])

    expect(JSON.parse(writeVariablesJson(document)).variables).toEqual([
      expect.not.objectContaining({ time: expect.anything() }),
      expect.objectContaining({ name: 'timed', time: '0'.repeat(32) }),
    ])
  })

  it('gives back what was read, whatever it is', () => {
    const data = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Buffer.from(bytes))
    const variables = fc.uniqueArray(fc.record({ name: fc.string(), data, attributes: fc.nat(0xffff) }), {
      selector: ({ name }) => name,
    })
    fc.assert(
      fc.property(variables, (list) => {
        const wanted = list.map((parts) => aVariable(parts)).sort(byNameAndGuid)

        expect(readVariablesJson(writeVariablesJson(newDocument(wanted))).variables).toEqual(wanted)
      }),
    )
  })
})

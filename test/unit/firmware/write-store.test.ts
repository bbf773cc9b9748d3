import { describe, expect, it } from 'vitest'
import { readStore } from '../../../src/firmware/read-store.js'
import type { StoredVariable } from '../../../src/firmware/store-types.js'
import { neededBytes, roomBytes, writeVariables } from '../../../src/firmware/write-store.js'
import { anEmptyStore, aVariable, BUILDS } from './a-store.js'

function write(variables: readonly StoredVariable[], file: Buffer = anEmptyStore()): Buffer {
  return writeVariables(file, readStore(file), variables)
}

describe('writeVariables', () => {
  it('writes a record as the firmware does', () => {
    // By hand, from edk2's AUTHENTICATED_VARIABLE_HEADER.
    const record = [
      'aa553f00',
      '07000000',
      '00'.repeat(8),
      '00'.repeat(16),
      '00000000',
      '10000000',
      '02000000',
      '61dfe48bca93d211aa0d00e098032b8c',
      '540069006d0065006f00750074000000',
      '0500',
      'ffff',
    ].join('')

    const file = write([aVariable()])

    expect(file.toString('hex', 0x64, 0x64 + record.length / 2)).toBe(record)
    expect(file.subarray(0x64 + record.length / 2, 0xe000).every((byte) => byte === 0xff)).toBe(true)
  })

  it.each(['2M', '4M'] as const)('leaves an empty store of the %s build as it is', (build) => {
    const file = anEmptyStore(build)

    expect(write([], file).equals(file)).toBe(true)
  })

  it('sorts by name, then GUID', () => {
    const names = ['b', 'B', 'a', 'Boot0001'].map((name) => aVariable({ name }))
    const other = aVariable({ name: 'a', guid: '00000000-0000-0000-0000-000000000001' })

    expect(readStore(write([...names, other])).variables.map(({ name, guid }) => `${name} ${guid[0]}`)).toEqual([
      'B 8',
      'Boot0001 8',
      'a 0',
      'a 8',
      'b 8',
    ])
  })

  it('forgets what was in the store before: the same variables give the same bytes', () => {
    const crowded = write([aVariable({ name: 'Old', data: Buffer.alloc(5000, 1) })])

    expect(write([aVariable()], crowded).equals(write([aVariable()]))).toBe(true)
  })

  it('does not change the bytes that it was given', () => {
    const file = anEmptyStore()
    write([aVariable()], file)

    expect(file.equals(anEmptyStore())).toBe(true)
  })

  it('touches nothing outside of the store', () => {
    const file = Buffer.concat([anEmptyStore(), Buffer.alloc(4096, 0x5a)])
    file.fill(0x42, BUILDS['2M'].liveBytes, BUILDS['2M'].liveBytes + 0x1000)

    const changed = write([aVariable()], file)

    expect(changed.length).toBe(file.length)
    expect(changed.subarray(0, 0x64).equals(file.subarray(0, 0x64))).toBe(true)
    expect(changed.subarray(0xe000).equals(file.subarray(0xe000))).toBe(true)
  })

  it('empties a queue of writes, with which the firmware could put old contents back', () => {
    const file = anEmptyStore()
    file.fill(0x00, 0xf020, 0xf030)
    file.fill(0x11, 0x10000, 0x10100)

    expect(write([], file).equals(anEmptyStore())).toBe(true)
  })

  it('fills a store to its last byte, and refuses one byte more with both numbers', () => {
    const room = roomBytes(readStore(anEmptyStore()))
    const full = aVariable({ data: Buffer.alloc(room - neededBytes([aVariable({ data: Buffer.alloc(0) })]), 7) })

    expect(readStore(write([full])).variables[0]?.data.equals(full.data)).toBe(true)
    expect(() => write([{ ...full, data: Buffer.alloc(full.data.length + 1) }])).toThrow(
      expect.objectContaining({ code: 'VARIABLE_STORE_FULL', message: expect.stringContaining(`${room}`) }),
    )
  })
})

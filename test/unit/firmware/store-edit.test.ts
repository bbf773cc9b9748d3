import { describe, expect, it } from 'vitest'
import { STORE_EDIT } from '../../../src/firmware/store-edit.js'
import { anEmptyStore, aVariable } from './a-store.js'

describe('STORE_EDIT', () => {
  it('reads what it wrote, in a store and in the JSON form', () => {
    for (const file of [anEmptyStore(), Buffer.from('{"version":2,"variables":[]}')]) {
      expect(STORE_EDIT.read(STORE_EDIT.write(file, [aVariable()]))).toEqual([aVariable()])
    }
  })

  it('writes nothing into a store that is damaged, and no variable that no store can hold', () => {
    const damaged = expect.objectContaining({ code: 'VARIABLE_STORE_DAMAGED' })

    expect(() => STORE_EDIT.write(anEmptyStore().fill(0, 0x5d, 0x5e), [])).toThrow(damaged)
    expect(() => STORE_EDIT.write(anEmptyStore(), [aVariable({ name: '' })])).toThrow(damaged)
  })
})

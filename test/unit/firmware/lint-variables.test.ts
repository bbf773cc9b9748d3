import { describe, expect, it } from 'vitest'
import { signatureList, writeSignatureLists } from '../../../src/firmware/decode/signature-list.js'
import { lintNames, lintVariables } from '../../../src/firmware/lint-variables.js'
import type { StoredVariable } from '../../../src/firmware/store-types.js'
import { GUID } from '../../../src/firmware/variable.js'
import { aVariable } from './a-store.js'

const LISTS = writeSignatureLists([signatureList('sha256', [{ owner: GUID.shim, data: Buffer.alloc(32) }])])

describe('lintVariables', () => {
  const doubtful: readonly (readonly [string, Partial<StoredVariable>, RegExp])[] = [
    ['is not kept over a restart', { attributes: 6 }, /not marked as non-volatile/],
    ['has the attribute of a write', { attributes: 0x47 }, /append/],
    ['is for the system but not for boot', { attributes: 5 }, /not for boot services/],
    ['is computed', { name: 'SecureBoot' }, /computed by the firmware/],
    ['is larger than the firmware writes', { data: Buffer.alloc(0x8400) }, /writes none above 33792/],
    ['shim would delete', { name: 'MokList', guid: GUID.shim, attributes: 7, data: LISTS }, /shim deletes MokList/],
    [
      'no firmware can read',
      { name: 'db', guid: GUID.imageSecurity },
      /db cannot be read: the signature list at byte 0/,
    ],
    ['OVMF overwrites', { name: 'Timeout' }, /overwrites Timeout at each start/],
    ['lists what is not there', { name: 'BootOrder', data: Buffer.from('0a00', 'hex') }, /lists Boot000A/],
  ]
  it.each(doubtful)('finds a variable that %s', (_, parts, words) => {
    expect(lintVariables([aVariable({ name: 'Own', ...parts })])).toEqual([
      { severity: expect.stringMatching(/warning|note/), text: expect.stringMatching(words) },
    ])
  })

  it('says nothing of usual ones', () => {
    const usual = [
      aVariable({ data: Buffer.alloc(2) }),
      aVariable({ name: 'BootOrder', data: Buffer.from('0a00', 'hex') }),
      aVariable({ name: 'Boot000A' }),
      aVariable({ name: 'MokList', guid: GUID.shim, attributes: 3, data: LISTS }),
      aVariable({ name: 'SecureBoot', guid: GUID.shim }),
    ]

    expect(lintVariables(usual)).toEqual([])
  })
})

describe('lintNames', () => {
  it('refuses what no store can hold', () => {
    const impossible = [aVariable({ name: '' }), aVariable({ name: 'a\0b' }), aVariable({ data: Buffer.alloc(0) })]

    expect(lintNames(impossible).map(({ severity }) => severity)).toEqual(['problem', 'problem', 'problem'])
    expect(lintNames([aVariable()])).toEqual([])
  })
})

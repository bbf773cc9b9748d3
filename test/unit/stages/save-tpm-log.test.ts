import { describe, expect, it } from 'vitest'
import { parseEventLog } from '../../../src/measure/event-log.js'
import { readRegisters } from '../../../src/stages/save-tpm-log.js'
import { anAgileLog, SHA256 } from '../measure/log-builder.js'

const SEPARATOR = Buffer.from('df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119', 'hex')
const AFTER_SEPARATOR = '3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969'
const LOG = parseEventLog(
  anAgileLog([SHA256], [{ pcr: 2, type: 4, digests: [[SHA256, SEPARATOR]], data: Buffer.alloc(4) }]),
)

describe('the registers that a guest tells of', () => {
  it('are each compared with what the log makes of them', () => {
    const text = `2 ${AFTER_SEPARATOR.toUpperCase()}\n3 ${AFTER_SEPARATOR}\n`

    expect(readRegisters({ registers: { sha256: text } }, LOG)).toEqual({
      sha256: [
        { pcr: 2, value: AFTER_SEPARATOR, replayed: AFTER_SEPARATOR, equal: true },
        { pcr: 3, value: AFTER_SEPARATOR, replayed: '00'.repeat(32), equal: false },
      ],
    })
  })

  it('are left out where the guest tells nonsense', () => {
    const text = `24 ${AFTER_SEPARATOR}\n1 abc\nx ${AFTER_SEPARATOR}\n`

    expect(readRegisters({ registers: { sha256: text, sha384: `0 ${AFTER_SEPARATOR}` } }, LOG)).toEqual({})
    expect(readRegisters({ registers: {} }, undefined)).toEqual({})
  })
})

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEventLog } from '../../../src/measure/event-log.js'
import { eventDetail, eventTypeName } from '../../../src/measure/event-words.js'
import { replayRegisters } from '../../../src/measure/replay.js'
import { anAgileLog, type LogParts, oldEvent, SHA256, SHA384, u32 } from './log-builder.js'

const EV_SEPARATOR = 4

function measured(pcr: number, type: number, data: Buffer): LogParts {
  const digest = (hash: string) => createHash(hash).update(data).digest()
  return {
    pcr,
    type,
    data,
    digests: [
      [SHA256, digest('sha256')],
      [SHA384, digest('sha384')],
    ],
  }
}

const SEPARATOR = measured(2, EV_SEPARATOR, u32(0))

describe('a crypto-agile event log', () => {
  it('is read event by event, with the digest of each bank', () => {
    const log = parseEventLog(
      anAgileLog([SHA256, SHA384], [SEPARATOR, measured(8, 13, Buffer.from('grub_cmd: boot\0'))]),
    )

    expect(log).toMatchObject({ format: 'crypto-agile', banks: ['sha256', 'sha384'] })
    expect(log?.problem).toBeUndefined()
    expect(log?.events.map(({ pcr, type }) => [pcr, eventTypeName(type)])).toEqual([
      [2, 'EV_SEPARATOR'],
      [8, 'EV_IPL'],
    ])
    // SHA-256 of four zero bytes.
    expect(log?.events[0]?.digests.sha256).toBe('df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119')
    expect(log?.events.map(eventDetail)).toEqual(['', 'grub_cmd: boot'])
  })

  it('may have a bank that we do not know, which is stepped over', () => {
    const sm3 = [0x12, Buffer.alloc(32, 7)] as const
    const log = parseEventLog(
      anAgileLog([SHA256, 0x12], [{ ...SEPARATOR, digests: [...SEPARATOR.digests.slice(0, 1), sm3] }]),
    )

    expect(log?.banks).toEqual(['sha256'])
    expect(Object.keys(log?.events[0]?.digests ?? {})).toEqual(['sha256'])
  })

  it.each([
    ['zeros', Buffer.alloc(100)],
    ['0xff, as in a CCEL table', Buffer.alloc(100, 0xff)],
  ])('ends where the rest is %s', (_title, rest) => {
    const log = parseEventLog(Buffer.concat([anAgileLog([SHA256, SHA384], [SEPARATOR]), rest]))

    expect(log?.events).toHaveLength(1)
    expect(log?.problem).toBeUndefined()
  })

  it('that is cut short says where, and keeps what comes before', () => {
    const whole = anAgileLog([SHA256, SHA384], [SEPARATOR, SEPARATOR])
    const log = parseEventLog(whole.subarray(0, -1))

    expect(log?.events).toHaveLength(1)
    expect(log?.problem).toMatch(/^what stands at byte \d+ is no event$/)
  })

  it.each([
    ['more digests than banks', { ...SEPARATOR, digests: [...SEPARATOR.digests, ...SEPARATOR.digests] }],
    ['an algorithm that the header does not list', { ...SEPARATOR, digests: [[4, Buffer.alloc(20)] as const] }],
  ])('with an event that has %s is not read further', (_title, event) => {
    expect(parseEventLog(anAgileLog([SHA256, SHA384], [event]))).toMatchObject({ events: [], problem: /./ })
  })

  it('names the variable that was measured', () => {
    const name = Buffer.from('SecureBoot', 'utf16le')
    const data = Buffer.concat([Buffer.alloc(16), u32(10), u32(0), u32(1), u32(0), name, Buffer.from([1])])
    const log = parseEventLog(anAgileLog([SHA256, SHA384], [measured(7, 0x80000001, data)]))

    expect(log?.events.map(eventDetail)).toEqual(['SecureBoot'])
  })
})

describe('any bytes', () => {
  it('never throw, and never make more events than they have room for', () => {
    const start = anAgileLog([SHA256], [])
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, begun) => {
        const log = parseEventLog(begun ? Buffer.concat([start, bytes]) : Buffer.from(bytes))
        if (log === undefined) return
        expect(log.events.length).toBeLessThanOrEqual(bytes.length / 16)
        replayRegisters(log, 'sha256')
        log.events.map(eventDetail)
      }),
      { numRuns: 300 },
    )
  })

  it('are no log when they do not begin like one', () => {
    expect(parseEventLog(Buffer.alloc(0))).toBeUndefined()
    expect(parseEventLog(Buffer.from('#!/bin/sh\n'.repeat(20)))).toBeUndefined()
  })
})

describe('an older log, with SHA-1 only', () => {
  it('is read as well', () => {
    const sha1 = createHash('sha1').update(u32(0)).digest()
    const log = parseEventLog(
      Buffer.concat([
        oldEvent(0, 3, Buffer.alloc(20), Buffer.from('Spec ID Event00\0')),
        oldEvent(1, EV_SEPARATOR, sha1, u32(0)),
      ]),
    )

    expect(log).toMatchObject({ format: 'sha1', banks: ['sha1'] })
    expect(log?.events[1]).toMatchObject({ pcr: 1, digests: { sha1: sha1.toString('hex') } })
  })
})

describe('a replay', () => {
  // Register 2 of any machine without option ROMs: one separator; seen on real machines, for example in quotes of cloud vTPMs.
  it('gives the values that a TPM has', () => {
    const log = parseEventLog(anAgileLog([SHA256, SHA384], [SEPARATOR]))
    if (log === undefined) throw new Error('no log')

    expect(replayRegisters(log, 'sha256')[2]).toBe('3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969')
    expect(replayRegisters(log, 'sha384')[2]).toBe(
      '518923b0f955d08da077c96aaba522b9decede61c599cea6c41889cfbea4ae4d50529d96fe4d1afdafb65e7f95bf23c4',
    )
  })

  it('begins with zeros, and with ones in the registers of a dynamic launch', () => {
    const registers = replayRegisters({ format: 'crypto-agile', banks: ['sha256'], events: [] }, 'sha256')

    expect(registers).toHaveLength(24)
    expect(registers[16]).toBe('00'.repeat(32))
    expect(registers[17]).toBe('ff'.repeat(32))
    expect(registers[22]).toBe('ff'.repeat(32))
    expect(registers[23]).toBe('00'.repeat(32))
  })

  it('leaves out what is not measured, but begins register 0 with the locality that such an event tells', () => {
    const data = Buffer.from('StartupLocality\0\x03', 'latin1')
    const log = parseEventLog(anAgileLog([SHA256, SHA384], [{ ...measured(0, 3, data) }]))
    if (log === undefined) throw new Error('no log')

    expect(replayRegisters(log, 'sha256')[0]).toBe(`${'00'.repeat(31)}03`)
  })
})

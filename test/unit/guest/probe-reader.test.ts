import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProbeReader } from '../../../src/guest/probe-reader.js'
import type { ProbeQuestion } from '../../../src/model/expectation.js'
import { NONCE } from '../../fixtures/builders.js'

const QUESTIONS: readonly ProbeQuestion[] = [{ ask: 'cmdline' }, { ask: 'tpm' }, { ask: 'event-log' }]
const base64 = (text: string) => Buffer.from(text).toString('base64')

function line(fields: object, nonce = NONCE): string {
  return `${JSON.stringify({ cvm: nonce, s: 1.5, ...fields })}\n`
}

function read(...texts: readonly string[]): ProbeReader {
  const reader = new ProbeReader(NONCE, QUESTIONS)
  for (const text of texts) reader.feed(Buffer.from(text, 'latin1'))
  return reader
}

const DONE = line({ event: 'done', settled: 1 })
const CMDLINE = line({ n: 0, answer: { cmdline: base64('quiet\n') } })

describe('ProbeReader', () => {
  it('has nothing to tell before the probe is done', () => {
    const reader = read(line({ event: 'begin' }), CMDLINE)

    expect(reader.begun).toBe(true)
    expect(reader.facts).toBeUndefined()
  })

  it('reads answers, late ones too, wherever the bytes are cut', () => {
    const text = line({ event: 'begin' }) + CMDLINE + line({ n: 1, late: 1 }) + DONE
    const reader = read(...text)

    expect(reader.facts).toEqual({
      answers: new Map([
        [0, new Map([['cmdline', Buffer.from('quiet\n')]])],
        [1, undefined],
      ]),
      settled: true,
    })
    expect(reader.malformed).toBe(0)
  })

  it('puts the parts of the event log together, in their order only', () => {
    const part = (part: number, text: string) => line({ n: 2, part, of: 2, data: base64(text) })
    const reader = read(part(1, 'one'), part(1, 'again'), part(3, 'three'), part(2, 'two'), DONE)

    expect(reader.eventLog.toString()).toBe('onetwo')
    expect(reader.malformed).toBe(2)
  })

  it.each([
    ['another nonce', line({ event: 'done', settled: 1 }, 'f'.repeat(32)), 0],
    ['no JSON', `{"cvm":"${NONCE}",\n`, 1],
    ['a question that was not asked', line({ n: 7, answer: { x: '' } }), 1],
    ['an answer that is no base64', line({ n: 0, answer: { cmdline: 'ä' } }), 1],
    ['an answer that is a list', line({ n: 0, answer: [] }), 1],
    ['a place that is no number', line({ n: '0', answer: {} }), 1],
    ['a line without an end', 'x'.repeat(1 << 20), 0],
    ['a line that is far too long', `${line({ n: 0, answer: { cmdline: 'A'.repeat(200_000) } })}`, 0],
  ])('passes over %s', (_what, garbage, malformed) => {
    const reader = read(garbage, '\n', CMDLINE, DONE)

    expect(reader.facts?.answers).toEqual(new Map([[0, new Map([['cmdline', Buffer.from('quiet\n')]])]]))
    expect(reader.malformed).toBe(malformed)
  })

  it('takes the first answer to a question, and nothing after the end', () => {
    const second = line({ n: 0, answer: { cmdline: base64('other') } })
    const reader = read(CMDLINE, second, DONE, line({ n: 1, answer: { state: '' } }))

    expect(reader.facts?.answers.get(0)).toEqual(new Map([['cmdline', Buffer.from('quiet\n')]]))
    expect(reader.facts?.answers.has(1)).toBe(false)
  })

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (chunks) => {
        const reader = new ProbeReader(NONCE, QUESTIONS)
        for (const chunk of chunks) reader.feed(chunk)
        expect(reader.facts).toBeUndefined()
      }),
      { numRuns: 100 },
    )
  })
})

import { describe, expect, it } from 'vitest'
import { placeOf, questionsOf, questionsText } from '../../../src/guest/probe-questions.js'
import type { Expectation } from '../../../src/model/expectation.js'
import { NONCE } from '../../fixtures/builders.js'

const EXPECTATIONS: readonly Expectation[] = [
  { kind: 'file', path: '/a b', is: { how: 'there' } },
  { kind: 'file', path: '/a b', is: { how: 'mode', mode: '644' } },
  { kind: 'port', port: 22, open: true },
  { kind: 'port', port: 22, open: false },
  { kind: 'command', line: 'a\tb\nc', exits: 0, limitS: 5 },
  { kind: 'no-failed-units' },
]

describe('questionsOf', () => {
  it('asks once what several expectations need', () => {
    const questions = questionsOf(EXPECTATIONS)

    expect(questions.map(({ ask }) => ask)).toEqual(['file', 'port', 'port', 'command', 'failed-units'])
    expect(EXPECTATIONS.map((expectation) => placeOf(expectation, questions))).toEqual([0, 0, 1, 2, 3, 4])
  })
})

describe('questionsText', () => {
  it('is lines of words with tabs between them, in which commands are base64', () => {
    const questions = questionsOf(EXPECTATIONS)

    expect(questionsText({ nonce: NONCE, questions, settleS: 60 })).toBe(
      [
        `probe\t${NONCE}\t60`,
        '0\tfile\t/a b',
        '1\tport\t0016\tpatient',
        '2\tport\t0016\tnow',
        '3\tcommand\t5\tYQliCmM=',
        '4\tfailed-units\n',
      ].join('\n'),
    )
  })
})

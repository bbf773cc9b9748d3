import type { Expectation, ProbeQuestion } from '../model/expectation.js'

/** What has to be asked for these expectations, each question once, in their order. */
export function questionsOf(expectations: readonly Expectation[]): readonly ProbeQuestion[] {
  const seen = new Map<string, ProbeQuestion>()
  for (const expectation of expectations) {
    const question = questionOf(expectation)
    const key = keyOf(question)
    if (!seen.has(key)) seen.set(key, question)
  }
  return [...seen.values()]
}

/** The question that an expectation needs answered. */
export function questionOf(expectation: Expectation): ProbeQuestion {
  switch (expectation.kind) {
    case 'pcr':
      return { ask: 'pcr', bank: expectation.bank, index: expectation.index }
    case 'file':
      return { ask: 'file', path: expectation.path }
    case 'package':
      return { ask: 'package', name: expectation.name }
    case 'unit':
      return { ask: 'unit', unit: expectation.unit }
    case 'user':
      return { ask: 'user', name: expectation.name }
    case 'port':
      return { ask: 'port', port: expectation.port, patient: expectation.open }
    case 'command':
      return { ask: 'command', line: expectation.line, limitS: expectation.limitS }
    case 'no-failed-units':
      return { ask: 'failed-units' }
    default:
      return { ask: expectation.kind }
  }
}

/** Where in the list the question of an expectation is; -1: it was not asked. */
export function placeOf(expectation: Expectation, questions: readonly ProbeQuestion[]): number {
  const key = keyOf(questionOf(expectation))
  return questions.findIndex((question) => keyOf(question) === key)
}

export interface QuestionsTextInput {
  readonly nonce: string
  readonly questions: readonly ProbeQuestion[]
  /** How long the probe waits for the guest's units, in s, before it looks. */
  readonly settleS: number
}

/**
 * The file that src/guest/probe/probe.sh reads: lines of words with tabs between them, the first one for the whole run, then one
 * for each question with its place in the list. Nothing in it is code but the command lines, which travel as base64.
 */
export function questionsText({ nonce, questions, settleS }: QuestionsTextInput): string {
  const lines = [
    ['probe', nonce, String(settleS)],
    ...questions.map((question, place) => [String(place), question.ask, ...wordsOf(question)]),
  ]
  return lines.map((words) => `${words.join('\t')}\n`).join('')
}

function wordsOf(question: ProbeQuestion): readonly string[] {
  switch (question.ask) {
    case 'pcr':
      return [question.bank, String(question.index)]
    case 'file':
      return [question.path]
    case 'package':
    case 'user':
      return [question.name]
    case 'unit':
      return [question.unit]
    case 'port':
      return [portHex(question.port), question.patient ? 'patient' : 'now']
    case 'command':
      return [String(question.limitS), Buffer.from(question.line).toString('base64')]
    default:
      return []
  }
}

/** As /proc/net/tcp shows a port. */
function portHex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0')
}

function keyOf(question: ProbeQuestion): string {
  return [question.ask, ...wordsOf(question)].join('\t')
}

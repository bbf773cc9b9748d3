import type { ProbeAnswer, ProbeFacts, ProbeQuestion } from '../model/expectation.js'

/**
 * Reads what the probe in the guest tells: JSON lines that carry this run's nonce, anything else is noise.
 *
 * The guest is not trusted. A line is at most LINE_LIMIT_BYTES, an answer counts once and only to a question that was asked, and
 * what does not follow the protocol is dropped and counted. All that is kept is bounded by the questions.
 * The guest's half of the protocol is src/guest/probe/probe.sh.
 */
export class ProbeReader {
  /** Lines with the right nonce that did not follow the protocol. */
  malformed = 0
  readonly #start: string
  readonly #questions: readonly ProbeQuestion[]
  readonly #answers = new Map<number, ProbeAnswer>()
  readonly #parts: Buffer[] = []
  #pending = ''
  #overlong = false
  #begun = false
  #settled: boolean | undefined

  constructor(nonce: string, questions: readonly ProbeQuestion[]) {
    this.#start = `{"cvm":"${nonce}",`
    this.#questions = questions
  }

  /** The probe runs in the guest. */
  get begun(): boolean {
    return this.#begun
  }

  /** All that it has told, once it has said that this is all. */
  get facts(): ProbeFacts | undefined {
    return this.#settled === undefined ? undefined : { answers: this.#answers, settled: this.#settled }
  }

  /** The measurements that the firmware left for the kernel (TCG event log), as far as asked for and told; at most 1 MiB. */
  get eventLog(): Buffer {
    return Buffer.concat(this.#parts)
  }

  /** Takes the next bytes, cut anywhere. */
  feed(chunk: Uint8Array): void {
    const lines = (this.#pending + Buffer.from(chunk).toString('latin1')).split('\n')
    this.#pending = lines.pop() ?? ''
    for (const line of lines) {
      if (!this.#overlong && line.length <= LINE_LIMIT_BYTES) this.#read(line)
      this.#overlong = false
    }
    if (this.#pending.length > LINE_LIMIT_BYTES) {
      this.#pending = ''
      this.#overlong = true
    }
  }

  #read(line: string): void {
    if (!line.startsWith(this.#start) || this.#settled !== undefined) return
    if (!this.#take(objectIn(line))) this.malformed += 1
  }

  /** Whether the line is one of the protocol. */
  #take(fields: Fields): boolean {
    if (fields['event'] === 'begin') {
      this.#begun = true
      return true
    }
    if (fields['event'] === 'done') {
      this.#settled = fields['settled'] === 1
      return true
    }
    const place = fields['n']
    if (typeof place !== 'number' || this.#answers.has(place)) return false
    const question = this.#questions[place]
    if (question === undefined) return false
    if (question.ask === 'event-log') return this.#takePart(fields)
    const answer = fields['late'] === 1 ? undefined : answerIn(fields['answer'])
    if (answer === 'malformed') return false
    this.#answers.set(place, answer)
    return true
  }

  #takePart({ part, of, data }: Fields): boolean {
    if (part === 0 && of === 0) return true
    const bytes = bytesOf(data)
    if (part !== this.#parts.length + 1 || bytes === undefined || bytes.length > CHUNK_BYTES) return false
    if (this.#parts.length >= MOST_PARTS) return false
    this.#parts.push(bytes)
    return true
  }
}

type Fields = Readonly<Record<string, unknown>>

function objectIn(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

function answerIn(value: unknown): ProbeAnswer | 'malformed' {
  if (!isObject(value)) return 'malformed'
  const fields = Object.entries(value).slice(0, MOST_FIELDS)
  const answer = new Map<string, Buffer>()
  for (const [name, text] of fields) {
    const bytes = bytesOf(text)
    if (bytes === undefined) return 'malformed'
    answer.set(name, bytes)
  }
  return answer
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function bytesOf(value: unknown): Buffer | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) ? Buffer.from(value, 'base64') : undefined
}

/** CONTENT_BYTES of probe.sh as base64, and more than enough around it. */
const LINE_LIMIT_BYTES = 128 * 1024
const MOST_FIELDS = 20
/** CHUNK_BYTES and EVENT_LOG_BYTES of probe.sh. */
const CHUNK_BYTES = 48 * 1024
const MOST_PARTS = Math.ceil((1024 * 1024) / CHUNK_BYTES)

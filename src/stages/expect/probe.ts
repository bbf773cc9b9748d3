import { judgeExpectations } from '../../guest/judge-expectations.js'
import { questionsOf } from '../../guest/probe-questions.js'
import { ProbeReader } from '../../guest/probe-reader.js'
import { textOf } from '../../guest/probe-words.js'
import { CvmError, type CvmErrorDetails } from '../../model/errors.js'
import type { Expectation, ExpectationFinding, ProbeQuestion } from '../../model/expectation.js'
import type { BootLayer, BootProbe } from '../boot-hooks.js'
import type { BootVerdict } from '../boot-watch.js'
import { installProbe } from './install-probe.js'

/** What the guest's kernel shows of its TPM. */
export interface SeenTpm {
  /** By bank, such as sha256: a line for each register, its number and its value in hex digits. */
  readonly registers: Readonly<Record<string, string>>
  /** The firmware's measurements, binary, as the TCG's event log format has them. */
  readonly eventLog: Buffer
}

export interface GuestProbeInput {
  /** Random hex digits of this run. */
  readonly nonce: string
  readonly expectations: readonly Expectation[]
  /** Registers and event log of the TPM are asked for, too. */
  readonly tpm: boolean
}

/** The program in the guest that looks for what is expected, from this side. */
export class GuestProbe implements BootProbe {
  readonly #nonce: string
  readonly #expectations: readonly Expectation[]
  readonly #questions: readonly ProbeQuestion[]
  readonly #reader: ProbeReader

  constructor({ nonce, expectations, tpm }: GuestProbeInput) {
    this.#nonce = nonce
    this.#expectations = expectations
    this.#questions = [...questionsOf(expectations), ...(tpm ? TPM_QUESTIONS : [])]
    this.#reader = new ProbeReader(nonce, this.#questions)
  }

  /** Puts it into the throw-away layer. */
  async install(layer: BootLayer): Promise<void> {
    const settleS = SETTLE_S[layer.accel]
    await installProbe(layer, { nonce: this.#nonce, questions: this.#questions, settleS })
  }

  take(chunk: Buffer): void {
    this.#reader.feed(chunk)
  }

  get answered(): boolean {
    return this.#reader.facts !== undefined
  }

  judge(verdict: BootVerdict): BootVerdict {
    const { findings } = this
    if (findings === undefined) return { ok: false, error: this.#notSeen() }
    const failed = findings.filter(({ ok }) => !ok)
    if (failed.length === 0) return verdict
    const isSettled = this.#reader.facts?.settled === true
    return { ok: false, error: expectationsFailed(failed, findings.length, isSettled ? {} : { next: LOOKED_EARLY }) }
  }

  /** How each expectation came out, in their order; undefined while not all is known. */
  get findings(): readonly ExpectationFinding[] | undefined {
    const { facts } = this.#reader
    return facts === undefined ? undefined : judgeExpectations(this.#expectations, this.#questions, facts)
  }

  /** Undefined: it was not asked, or the guest has none. */
  get tpm(): SeenTpm | undefined {
    const place = this.#questions.findIndex(({ ask }) => ask === 'registers')
    const answer = this.#reader.facts?.answers.get(place)
    if (answer === undefined) return undefined
    const registers = Object.fromEntries([...answer.keys()].map((bank) => [bank, textOf(answer, bank)]))
    return { registers, eventLog: this.#reader.eventLog }
  }

  #notSeen(): CvmError {
    if (this.#reader.begun)
      return new CvmError('EXPECTATIONS_NOT_SEEN', 'The guest came up, and its probe did not come to an end', {
        why: 'it had begun to look when the time was over',
        next: 'Give more minutes; units that never finish starting hold it up, too: see the console.',
      })
    return new CvmError('EXPECTATIONS_NOT_SEEN', 'The guest came up, and its probe never answered', {
      why: 'cvm-probe.service, put into the throw-away layer, wrote nothing to /dev/virtio-ports/cvm.probe',
      lines: NOT_STARTED,
    })
  }
}

function expectationsFailed(
  failed: readonly ExpectationFinding[],
  of: number,
  more: Pick<CvmErrorDetails, 'next'>,
): CvmError {
  const [first, ...others] = failed
  if (first !== undefined && others.length === 0) {
    const why = `expected ${first.expected}; seen: ${first.seen}`
    return new CvmError('EXPECTATION_FAILED', `not as expected: ${first.what}`, { ...more, why })
  }
  const lines = failed.map(({ what, expected, seen }) => `${what}: expected ${expected}; seen: ${seen}`)
  return new CvmError('EXPECTATION_FAILED', `${failed.length} of ${of} expectations do not hold`, { ...more, lines })
}
/** What may be the matter, the likeliest first. */
const NOT_STARTED = [
  'the guest is not run by systemd, or its default target does not lead to multi-user.target',
  'its kernel has no virtio_console module',
  'an IMA policy that asks for signatures (appraise_type=imasig) refuses the probe: it has a digest only',
  'SELinux does not let it run or write to the port',
]

const LOOKED_EARLY =
  'Not all units of the guest had started when it was looked at: see the console for what holds them up.'

const TPM_QUESTIONS: readonly ProbeQuestion[] = [{ ask: 'registers' }, { ask: 'event-log' }]

/** How long units may take to start before the probe looks all the same, in s. */
const SETTLE_S = { kvm: 60, tcg: 240 } as const

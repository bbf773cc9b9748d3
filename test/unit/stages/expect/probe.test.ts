import { describe, expect, it } from 'vitest'
import type { Expectation } from '../../../../src/model/expectation.js'
import type { BootVerdict } from '../../../../src/stages/boot-watch.js'
import { GuestProbe } from '../../../../src/stages/expect/probe.js'
import { NONCE } from '../../../fixtures/builders.js'

const PASSED: BootVerdict = { ok: true, reached: 'login' }
const EXPECTATIONS: readonly Expectation[] = [
  { kind: 'tpm', there: true },
  { kind: 'unit', unit: 'a.service', state: 'absent' },
]
const base64 = (text: string) => Buffer.from(text).toString('base64')

function probe(lines: readonly object[], tpm = false): GuestProbe {
  const guestProbe = new GuestProbe({ nonce: NONCE, expectations: EXPECTATIONS, tpm })
  for (const fields of lines) guestProbe.take(Buffer.from(`${JSON.stringify({ cvm: NONCE, s: 1, ...fields })}\n`))
  return guestProbe
}

const unitIs = (load: string) => ({ n: 1, answer: { properties: base64(`LoadState=${load}\nActiveState=active\n`) } })
const tpmIs = (state: string) => ({ n: 0, answer: { state: base64(state) } })
const DONE = { event: 'done', settled: 1 }

describe('GuestProbe', () => {
  it('leaves a good verdict as it is when all that is expected is so', () => {
    const guestProbe = probe([tpmIs('there'), unitIs('not-found'), DONE])

    expect(guestProbe.answered).toBe(true)
    expect(guestProbe.judge(PASSED)).toBe(PASSED)
  })

  it('fails with the one thing that is not so', () => {
    expect(probe([tpmIs('absent'), unitIs('not-found'), DONE]).judge(PASSED)).toMatchObject({
      ok: false,
      error: {
        code: 'EXPECTATION_FAILED',
        message: 'not as expected: TPM',
        why: 'expected present; seen: absent',
      },
    })
  })

  it('fails with all that are not so', () => {
    expect(probe([tpmIs('absent'), unitIs('loaded'), DONE]).judge(PASSED)).toMatchObject({
      ok: false,
      error: {
        message: '2 of 2 expectations do not hold',
        lines: ['TPM: expected present; seen: absent', 'unit a.service: expected absent; seen: active'],
      },
    })
  })

  it('says when it looked before all units had started', () => {
    const { error } = { error: undefined, ...probe([{ event: 'done', settled: 0 }]).judge(PASSED) }

    expect(error?.next).toContain('Not all units of the guest had started')
  })

  it.each([
    ['never answered', [], 'its probe never answered'],
    ['did not come to an end', [{ event: 'begin' }, tpmIs('there')], 'did not come to an end'],
  ])('fails when the probe %s', (_what, lines, message) => {
    const guestProbe = probe(lines)

    expect(guestProbe.answered).toBe(false)
    expect(guestProbe.findings).toBeUndefined()
    expect(guestProbe.judge(PASSED)).toMatchObject({
      ok: false,
      error: { code: 'EXPECTATIONS_NOT_SEEN', message: expect.stringContaining(message) },
    })
  })

  it('tells the registers and the event log of the TPM when they were asked for', () => {
    const registers = { n: 2, answer: { sha256: base64('0 AB\n') } }
    const log = { n: 3, part: 1, of: 1, data: base64('log') }

    expect(probe([registers, log, DONE], true).tpm).toEqual({
      registers: { sha256: '0 AB\n' },
      eventLog: Buffer.from('log'),
    })
    expect(probe([DONE]).tpm).toBeUndefined()
  })
})

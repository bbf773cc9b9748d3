import { describe, expect, it } from 'vitest'
import { rewriteReport } from '../../../src/stages/report.js'
import { aCloudInitEvent, aGuestRun, aPart, aPlan, aPlugin } from '../../fixtures/builders.js'

const INPUT = {
  plan: aPlan({ plugins: [aPlugin(), aPlugin({ name: '20-b', skipped: 'NOT_RUN' })] }),
  toolVersion: '1',
  tools: {},
  seconds: 61.26,
  inputSha256: 'a'.repeat(64),
  steps: [],
  parts: [aPart({ name: '100-x', plugin: '10-hello', file: 'guest_run.sh' })],
  checks: [],
  warnings: [],
}

describe('rewriteReport', () => {
  it('leaves out what is secret: values by their name, and the nonce', () => {
    const variables = {
      CVM_PASSWORD: 'p1',
      GUEST_TOKEN: 'p2',
      CVM_PRIVATE_KEY: 'p3',
      IMA_SECRET: 'p4',
      GUEST_SIZE: '5G',
    }

    const report = rewriteReport({ ...INPUT, plan: { ...INPUT.plan, variables } })

    expect(JSON.stringify(report)).not.toMatch(/p[1-4]"/)
    expect(JSON.stringify(report)).not.toContain(INPUT.plan.nonce)
    expect(report.variables).toMatchObject({ GUEST_SIZE: '5G', CVM_PASSWORD: '(secret)' })
  })

  it('says which plugins ran, which did not and why, and what they noted', () => {
    const guest = aGuestRun([{ event: 'note', s: 1, part: '100-x', text: 'nothing to do' }])

    expect(rewriteReport({ ...INPUT, guest }).plugins).toMatchObject([
      { name: '10-hello', state: 'ran', notes: ['nothing to do'] },
      { name: '20-b', state: 'skipped', why: 'NOT_RUN', notes: [] },
    ])
  })

  it('has the facts of the guest: seconds of each part, status, inventory, seal', () => {
    const guest = aGuestRun([
      { event: 'part-start', s: 10, part: '100-x' },
      { event: 'part-end', s: 12.34, part: '100-x', rc: 0, tail: 't' },
      aCloudInitEvent(),
      { event: 'units', s: 1, failed: ['a.service'] },
      { event: 'sealed', s: 1, left: [], cloudInit: 'closed' },
    ])

    expect(rewriteReport({ ...INPUT, guest }).guest).toMatchObject({
      seconds: 12,
      failedUnits: ['a.service'],
      sealed: { left: [], cloudInit: 'closed' },
      parts: [{ part: '100-x', plugin: '10-hello', file: 'guest_run.sh', rc: 0, seconds: 2.3, tail: 't' }],
    })
  })

  it('tells an error as the outcome, without an output', () => {
    const report = rewriteReport({ ...INPUT, error: { code: 'NO_SPACE' } })

    expect(report).toMatchObject({ outcome: 'error', error: { code: 'NO_SPACE' }, run: { seconds: 61.3 } })
    expect('output' in report).toBe(false)
  })
})

import { describe, expect, it } from 'vitest'
import type { GuestEvent } from '../../../src/model/guest-report.js'
import { reportChecks } from '../../../src/stages/post-stage.js'
import { aCloudInitEvent, aGuestRun, aPlan, aPlugin } from '../../fixtures/builders.js'

const SEAL = aPlugin({ name: '10-seal', stage: 'post-stage' })
const CLOSED: GuestEvent = { event: 'sealed', s: 1, left: [], cloudInit: 'closed' }
const TRIMMED: GuestEvent = { event: 'trimmed', s: 1, rc: 0, tail: '' }
const DONE: GuestEvent = { event: 'done', s: 1 }

function failed(events: readonly GuestEvent[], plan = aPlan({ plugins: [SEAL] })): readonly string[] {
  return reportChecks(plan, aGuestRun(events))
    .filter((check) => !check.ok)
    .map((check) => check.name)
}

describe('reportChecks', () => {
  it('passes a guest that has done all', () => {
    expect(failed([aCloudInitEvent(), CLOSED, TRIMMED, DONE])).toEqual([])
  })

  it.each<[string, readonly GuestEvent[], readonly string[]]>([
    ['no done', [aCloudInitEvent(), CLOSED, TRIMMED], ['guest finished']],
    ['another instance', [aCloudInitEvent({ instance: 'old' }), CLOSED, TRIMMED, DONE], ['instance']],
    ['no word of cloud-init', [CLOSED, TRIMMED, DONE], ['instance']],
    ['no trim', [aCloudInitEvent(), CLOSED, DONE], ['trimmed']],
    ['a failed trim', [aCloudInitEvent(), CLOSED, { ...TRIMMED, rc: 1 }, DONE], ['trimmed']],
    ['no word of the seal', [aCloudInitEvent(), TRIMMED, DONE], ['sealed']],
    ['things left', [aCloudInitEvent(), { ...CLOSED, left: ['/etc/machine-id'] }, TRIMMED, DONE], ['sealed']],
    ['an open cloud-init', [aCloudInitEvent(), { ...CLOSED, cloudInit: 'open' }, TRIMMED, DONE], ['sealed']],
  ])('fails a guest with %s', (_title, events, names) => {
    expect(failed(events)).toEqual(names)
  })

  it('says it aloud when the seal was left out, and when cloud-init was to stay open', () => {
    const open: GuestEvent = { event: 'sealed', s: 1, left: ['/etc/machine-id'], cloudInit: 'open' }
    const skipped = aPlan({ plugins: [{ ...SEAL, skipped: '--skip' }] })
    const kept = aPlan({ plugins: [SEAL], variables: { SEAL_CLOUD_INIT: 'keep' } })

    expect(reportChecks(skipped, aGuestRun([open])).at(-1)).toEqual({
      name: 'sealed',
      ok: true,
      detail: 'NOT SEALED, 10-seal was skipped; left: /etc/machine-id',
    })
    expect(reportChecks(kept, aGuestRun([{ ...open, left: [] }])).at(-1)).toMatchObject({
      ok: true,
      detail: expect.stringContaining('cloud-init is OPEN'),
    })
  })
})

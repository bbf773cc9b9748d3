import { describe, expect, it } from 'vitest'
import type { ConsoleSign } from '../../../src/guest/console-signs.js'
import { GuestWatch, type WatchOptions } from '../../../src/stages/guest-watch.js'
import { aCloudInitEvent } from '../../fixtures/builders.js'

function aWatch(options: Partial<WatchOptions> = {}): GuestWatch {
  return new GuestWatch(new Map(), { strict: false, sealOpened: false, ...options })
}

function aSign(kind: ConsoleSign['kind'], line: string = kind, detail = ''): ConsoleSign {
  return { kind, line, detail }
}

describe('GuestWatch', () => {
  it('ends well at done, and nothing later changes that', () => {
    const watch = aWatch()

    watch.report({ event: 'done', s: 1 })
    watch.console(aSign('panic', 'Kernel panic - not syncing'), 1)
    watch.report({ event: 'failed', s: 2, part: 'x', rc: 1 })

    expect(watch.ending).toEqual({ kind: 'done' })
  })

  it('waits for all runcmd lines before it tells of the failed ones', () => {
    const watch = aWatch()

    watch.report({ event: 'runcmd-failed', s: 1, rc: 1, command: 'a' })
    expect(watch.ending).toBeUndefined()
    watch.report({ event: 'runcmd-failed', s: 2, rc: 1, command: 'b' })
    watch.report({ event: 'failed', s: 3, part: 'runcmd', rc: 1 })

    expect(watch.ending).toMatchObject({ kind: 'failed', error: { lines: ['exit 1: a', 'exit 1: b'] } })
  })

  it('fails on warnings only when that is asked for', () => {
    const [lenient, strict] = [aWatch(), aWatch({ strict: true })]
    for (const watch of [lenient, strict]) watch.report(aCloudInitEvent({ warnings: ['odd'] }))

    expect(lenient.ending).toBeUndefined()
    expect(strict.ending).toMatchObject({ error: { code: 'CLOUD_INIT_DEGRADED' } })
  })

  it.each([
    ['panic', 'GUEST_PANICKED'],
    ['emergency-shell', 'GUEST_EMERGENCY_SHELL'],
  ] as const)('ends at once when the console shows %s', (kind, code) => {
    const watch = aWatch()

    watch.console(aSign(kind, 'the line'), 5)

    expect(watch.ending).toMatchObject({ kind: 'failed', error: { code, message: 'the line' } })
  })

  it('allows three restarts, and calls the fourth a loop', () => {
    const watch = aWatch()
    watch.console(aSign('login', 'guest login:'), 1)

    for (let count = 0; count < 3; count += 1) watch.domain({ kind: 'reboot' }, 2)
    expect(watch.ending).toBeUndefined()
    watch.domain({ kind: 'reboot' }, 2)

    expect(watch.ending).toMatchObject({ error: { code: 'GUEST_REBOOT_LOOP', why: 'guest login:' } })
  })

  it.each([
    ['enospc', 'NO_SPACE'],
    ['eio', 'IO_ERROR'],
  ])('tells an I/O error of the disk with the reason %s as %s', (reason, code) => {
    const watch = aWatch()

    watch.domain({ kind: 'io-error', reason }, 2)

    expect(watch.ending).toMatchObject({ error: { code } })
  })

  it('remembers how libvirt says that the domain ended, which by itself ends nothing', () => {
    const watch = aWatch()

    watch.domain({ kind: 'lifecycle', state: 'Stopped', detail: 'Shutdown' }, 2)

    expect(watch.ending).toBeUndefined()
    expect(watch.stoppedHow).toBe('Shutdown')
  })

  it('calls a machine that stands still for 10 s crashed, but not one that is let go on', () => {
    const suspended = { kind: 'lifecycle', state: 'Suspended', detail: 'Paused' } as const
    const [held, resumed] = [aWatch(), aWatch()]
    for (const watch of [held, resumed]) watch.domain(suspended, 5_000)
    resumed.domain({ kind: 'lifecycle', state: 'Resumed', detail: 'Unpaused' }, 9_000)

    held.tick(14_999)
    expect(held.ending).toBeUndefined()
    for (const watch of [held, resumed]) watch.tick(15_000)

    expect(held.ending).toMatchObject({
      error: { code: 'GUEST_CRASHED', next: expect.stringContaining('--accel tcg') },
    })
    expect(resumed.ending).toBeUndefined()
  })

  it('gives up 20 s after a login prompt without a report, not before', () => {
    const watch = aWatch()
    watch.console(aSign('login'), 30_000)
    watch.console(aSign('login'), 45_000)

    watch.tick(49_999)
    expect(watch.ending).toBeUndefined()
    watch.tick(50_000)

    expect(watch.ending).toMatchObject({ error: { code: 'CLOUD_INIT_NOT_STARTED' } })
  })

  it('counts the 20 s anew after a restart', () => {
    const watch = aWatch()
    watch.console(aSign('login'), 0)
    watch.domain({ kind: 'reboot' }, 2)

    watch.tick(60_000)

    expect(watch.ending).toBeUndefined()
  })

  it('is patient with a guest that has reported', () => {
    const watch = aWatch()
    watch.report({ event: 'boot', s: 1 })
    watch.console(aSign('login'), 0)

    watch.tick(10 ** 9)

    expect(watch.ending).toBeUndefined()
  })

  it('ends for a new start when the guest shows an earlier seal and has had the time to open it', () => {
    const watch = aWatch()
    watch.console(aSign('sealed'), 2_000)
    watch.console(aSign('login'), 3_000)

    watch.tick(9_999)
    expect(watch.ending).toBeUndefined()
    watch.tick(10_000)

    expect(watch.ending).toEqual({ kind: 'seal opened' })
  })

  it.each([
    ['its seal', aSign('sealed'), 8_000, { kind: 'seal opened' }],
    ['its default target', aSign('target', 'Reached target', 'multi-user.target'), 20_000, { kind: 'failed' }],
  ] as const)('needs no whole login prompt from a guest that shows %s', (_what, sign, afterMs, ending) => {
    const watch = aWatch()
    watch.console(sign, 0)

    watch.tick(afterMs)

    expect(watch.ending).toMatchObject(ending)
  })

  it('does not take another target for a guest that is up', () => {
    const watch = aWatch()
    watch.console(aSign('target', 'Reached target', 'basic.target'), 0)

    watch.tick(10 ** 9)

    expect(watch.ending).toBeUndefined()
  })

  it('says that the seal did not open when the start after that shows it again', () => {
    const watch = aWatch({ sealOpened: true })
    watch.console(aSign('sealed'), 2_000)
    watch.console(aSign('login'), 3_000)

    watch.tick(21_999)
    expect(watch.ending).toBeUndefined()
    watch.tick(22_000)

    expect(watch.ending).toMatchObject({
      error: { code: 'CLOUD_INIT_NOT_STARTED', message: expect.stringContaining('its seal did not open') },
    })
  })

  it('asks for no new start of a guest that reports, whatever it shows', () => {
    const watch = aWatch()
    watch.console(aSign('sealed'), 0)
    watch.console(aSign('login'), 0)
    watch.report({ event: 'boot', s: 1 })

    watch.tick(10 ** 9)

    expect(watch.ending).toBeUndefined()
  })
})

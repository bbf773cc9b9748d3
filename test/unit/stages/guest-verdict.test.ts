import { describe, expect, it } from 'vitest'
import type { CvmError } from '../../../src/model/errors.js'
import type { GuestEvent } from '../../../src/model/guest-report.js'
import type { SeedPart } from '../../../src/model/rewrite.js'
import {
  failureInReport,
  failureOfSilentCloudInit,
  failureOfStoppedGuest,
  failureOfTime,
} from '../../../src/stages/guest-verdict.js'
import { aCloudInitEvent, aGuestRun, aPart } from '../../fixtures/builders.js'

const PARTS: ReadonlyMap<string, SeedPart> = new Map(
  [
    aPart({ name: '100-s', plugin: '10-hello', file: 'guest_run.sh' }),
    aPart({
      name: 'config-100',
      type: 'cloud-config',
      plugin: '20-b',
      file: 'b.yaml',
      runcmd: ['cd / && false', 'true'],
    }),
  ].map((part) => [part.name, part]),
)

function verdict(events: readonly GuestEvent[], strict = false): CvmError | undefined {
  return failureInReport(events, PARTS, strict)
}

const RUNCMD_FAILED: readonly GuestEvent[] = [
  { event: 'runcmd-failed', s: 1, rc: 1, command: 'false' },
  { event: 'runcmd-failed', s: 2, rc: 127, command: 'nosuch' },
  { event: 'failed', s: 3, part: 'runcmd', rc: 1 },
]

describe('failureInReport', () => {
  it.each<[string, readonly GuestEvent[], boolean]>([
    ['nothing yet', [], true],
    ['a good payload', [{ event: 'payload', s: 1, rc: 0, tail: '' }], true],
    ['a part that has failed but goes on', [{ event: 'part-end', s: 1, part: '100-s', rc: 1, tail: '' }], true],
    ['a good cloud-init', [aCloudInitEvent()], true],
    ['a degraded cloud-init, not strictly', [aCloudInitEvent({ warnings: ['odd'] })], false],
    ['failed units, not strictly', [{ event: 'units', s: 1, failed: ['a.service'] }], false],
    ['done', [{ event: 'done', s: 1 }], true],
  ])('sees no failure in %s', (_title, events, strict) => {
    expect(verdict(events, strict)).toBeUndefined()
  })

  it('names the script in the middle of which the guest restarted', () => {
    expect(
      verdict([
        { event: 'part-start', s: 1, part: '100-s' },
        { event: 'boot', s: 2 },
        { event: 'failed', s: 3, part: 'restart', rc: 1 },
      ]),
    ).toMatchObject({
      code: 'GUEST_STOPPED_EARLY',
      message: 'the guest restarted in the middle of 10-hello: guest_run.sh',
    })
  })

  it('names the plugin whose cloud-config cloud-init has left out, although it only warns of that', () => {
    const warnings = ['[WARNING]: odd', '[WARNING]: Failed at merging in cloud config part from config-100']

    expect(verdict([aCloudInitEvent({ warnings })])).toMatchObject({
      code: 'CLOUD_INIT_FAILED',
      message: 'cloud-init left out 20-b: b.yaml',
      why: warnings[1],
    })
  })

  it('tells of a failed script with its plugin, file, exit code, seconds and last 20 lines', () => {
    const tail = Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\n')

    const error = verdict([
      { event: 'part-start', s: 10, part: '100-s' },
      { event: 'part-end', s: 12.5, part: '100-s', rc: 3, tail },
      { event: 'failed', s: 13, part: '100-s', rc: 3 },
    ])

    expect(error).toMatchObject({
      code: 'GUEST_SCRIPT_FAILED',
      message: '10-hello: guest_run.sh exited 3 after 2.5 s',
      why: 'line 29',
      next: 'Mend the script, or skip it with --skip 10-hello',
    })
    expect(error?.lines).toHaveLength(20)
    expect(error?.lines[0]).toBe('line 10')
  })

  it('tells of all failed runcmd lines, and of the plugin that brought the first', () => {
    expect(verdict(RUNCMD_FAILED)).toMatchObject({
      code: 'GUEST_RUNCMD_FAILED',
      message: '20-b: a runcmd line of b.yaml exited 1: false',
      lines: ['exit 1: false', 'exit 127: nosuch'],
    })
  })

  it.each<[string, readonly GuestEvent[], boolean, Partial<CvmError>]>([
    [
      'no room',
      [{ event: 'no-space', s: 1, needKiB: 2048, freeKiB: 1024 }],
      false,
      { code: 'GUEST_NO_SPACE', message: "the files of the plugins need 2 MiB, the guest's root has 1 MiB free" },
    ],
    [
      'a file in the way',
      [{ event: 'payload', s: 1, rc: 2, tail: 'tar: etc: Cannot mkdir: File exists\ntar: exiting' }],
      false,
      { code: 'PAYLOAD_CONFLICT' },
    ],
    [
      'a broken archive',
      [{ event: 'payload', s: 1, rc: 2, tail: 'tar: Unexpected EOF' }],
      false,
      { code: 'PAYLOAD_NOT_UNPACKED', why: 'tar: Unexpected EOF' },
    ],
    [
      'boot files',
      [
        { event: 'part-end', s: 1, part: 'boot-files', rc: 1, tail: 'mkinitramfs: failure' },
        { event: 'failed', s: 1, part: 'boot-files', rc: 1 },
      ],
      false,
      { code: 'BOOT_FILES_FAILED', why: 'mkinitramfs: failure' },
    ],
    [
      'an error of cloud-init',
      [aCloudInitEvent({ errors: ['init: no network'] })],
      false,
      { code: 'CLOUD_INIT_FAILED', why: 'init: no network' },
    ],
    ['an unfinished cloud-init', [aCloudInitEvent({ finished: false })], false, { code: 'CLOUD_INIT_FAILED' }],
    [
      'a degraded cloud-init, strictly',
      [aCloudInitEvent({ warnings: ['odd'] })],
      true,
      { code: 'CLOUD_INIT_DEGRADED', lines: ['odd'] },
    ],
    [
      'a script of our own',
      [{ event: 'failed', s: 1, part: 'grow-root', rc: 1 }],
      false,
      { code: 'GUEST_SCRIPT_FAILED', message: 'grow-root exited 1', why: 'it printed nothing' },
    ],
  ])('names %s', (_title, events, strict, error) => {
    expect(verdict(events, strict)).toMatchObject(error)
  })
})

describe('the verdict on a guest without a report of failure', () => {
  it.each(['Crashed', 'Destroyed', 'Failed'])('tells a machine that ended %s from a guest that powered off', (how) => {
    const run = aGuestRun([], { consoleTail: ['the last line'] })

    expect(failureOfStoppedGuest(run, how)).toMatchObject({
      code: 'GUEST_CRASHED',
      why: `libvirt says: ${how}`,
      lines: ['the last line'],
    })
    expect(failureOfStoppedGuest(run, 'Shutdown').code).toBe('GUEST_STOPPED_EARLY')
  })

  it('says when it stopped and what came last', () => {
    const error = failureOfStoppedGuest(
      aGuestRun([{ event: 'boot', s: 1 }], { seconds: 2.4, consoleTail: ['Power down'] }),
    )

    expect(error).toMatchObject({ code: 'GUEST_STOPPED_EARLY', lines: ['Power down'] })
    expect(error.message).toBe('the guest stopped after 2 s without having finished: its last report was "boot"')
  })

  it.each<[readonly GuestEvent[], string]>([
    [[], 'nothing of this run had started in it yet'],
    [[{ event: 'boot', s: 1 }], 'its last report was "boot"'],
    [[{ event: 'part-start', s: 1, part: 'runcmd' }], 'it was running runcmd'],
  ])('says what it was doing when the time was over: %j', (events, why) => {
    expect(failureOfTime(aGuestRun(events, { consoleTail: ['booting'] }), 6, 'kvm')).toMatchObject({
      code: 'GUEST_TIMED_OUT',
      message: 'the guest was not done within 6 min',
      why,
    })
  })

  it.each([
    ['kvm', /--accel tcg/],
    ['tcg', /--firmware/],
  ] as const)('takes a guest under %s that never printed a byte for a machine that hangs', (accel, next) => {
    expect(failureOfTime(aGuestRun([]), 3, accel)).toMatchObject({
      code: 'GUEST_TIMED_OUT',
      message: 'the guest gave no sign of life within 3 min',
      next: expect.stringMatching(next),
    })
  })

  it.each([
    [[], 'CLOUD_INIT_NOT_STARTED', /not installed/],
    [['Cloud-init v. 25.1 running'], 'CLOUD_INIT_OTHER_DATASOURCE', /datasource_list/],
    [
      ['Cloud-init v. 25.1 running', 'Datasource DataSourceNone.  Up 20 s'],
      'CLOUD_INIT_OTHER_DATASOURCE',
      /it took DataSourceNone/,
    ],
  ])('says why nothing of ours ran after %j', (lines, code, why) => {
    const signs = lines.map((line) => ({ kind: 'cloud-init' as const, line, detail: '' }))

    expect(failureOfSilentCloudInit(signs)).toMatchObject({ code, why: expect.stringMatching(why) })
  })
})

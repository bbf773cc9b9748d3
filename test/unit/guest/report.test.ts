import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GuestReportReader } from '../../../src/guest/report.js'
import { NONCE } from '../../fixtures/builders.js'

function line(fields: Readonly<Record<string, unknown>>, nonce = NONCE): string {
  return `${JSON.stringify({ cvm: nonce, s: 1.5, ...fields })}\n`
}

function read(text: string | Uint8Array): { events: readonly unknown[]; malformed: number } {
  const reader = new GuestReportReader(NONCE)
  const events = reader.feed(typeof text === 'string' ? Buffer.from(text) : text)
  return { events, malformed: reader.malformed }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

describe('GuestReportReader', () => {
  it.each([
    ['more events than any run has', 10_000, line({ event: 'note', part: 'x', text: '' })],
    ['more bytes than any run has', 80, line({ event: 'note', part: 'x', text: 'A'.repeat(400 * 1024) })],
  ])('passes over what comes after %s, and says so', (_what, taken, note) => {
    const reader = new GuestReportReader(NONCE)
    let events = 0
    for (let count = 0; count < taken; count += 1) events += reader.feed(Buffer.from(note)).length
    expect({ events, flooded: reader.flooded }).toEqual({ events: taken, flooded: false })

    for (let count = 0; count < 5; count += 1) events += reader.feed(Buffer.from(note)).length

    expect(reader.flooded).toBe(true)
    expect(events).toBeLessThan(taken + 5)
  })

  it.each([
    [{ event: 'boot' }, { event: 'boot', s: 1.5 }],
    [{ event: 'done' }, { event: 'done', s: 1.5 }],
    [
      { event: 'no-space', needKiB: 9, freeKiB: 4 },
      { event: 'no-space', s: 1.5, needKiB: 9, freeKiB: 4 },
    ],
    [
      { event: 'payload', rc: 2, tail: base64('a\nb\n') },
      { event: 'payload', s: 1.5, rc: 2, tail: 'a\nb' },
    ],
    [
      { event: 'listing', part: 2, of: 3, data: 'QUI=' },
      { event: 'listing', s: 1.5, number: 2, of: 3, data: 'QUI=' },
    ],
    [
      { event: 'part-start', part: '100-x' },
      { event: 'part-start', s: 1.5, part: '100-x' },
    ],
    [
      { event: 'part-end', part: '100-x', rc: 0, tail: '' },
      { event: 'part-end', s: 1.5, part: '100-x', rc: 0, tail: '' },
    ],
    [
      { event: 'runcmd-failed', rc: 1, command: base64('false') },
      { event: 'runcmd-failed', s: 1.5, rc: 1, command: 'false' },
    ],
    [
      { event: 'note', part: '100-x', text: base64('hi') },
      { event: 'note', s: 1.5, part: '100-x', text: 'hi' },
    ],
    [
      { event: 'units', failed: base64('a.service\nb.service\n') },
      { event: 'units', s: 1.5, failed: ['a.service', 'b.service'] },
    ],
    [
      { event: 'sealed', left: base64('/etc/machine-id'), cloudInit: 'closed' },
      { event: 'sealed', s: 1.5, left: ['/etc/machine-id'], cloudInit: 'closed' },
    ],
    [
      { event: 'sealed', left: '', cloudInit: 7 },
      { event: 'sealed', s: 1.5, left: [], cloudInit: 'open' },
    ],
    [
      { event: 'trimmed', rc: 0, tail: '' },
      { event: 'trimmed', s: 1.5, rc: 0, tail: '' },
    ],
    [
      { event: 'failed', part: 'runcmd', rc: 3 },
      { event: 'failed', s: 1.5, part: 'runcmd', rc: 3 },
    ],
  ])('reads %j', (fields, event) => {
    expect(read(line(fields))).toEqual({ events: [event], malformed: 0 })
  })

  it("reads cloud-init's own files, with the stage in front of each error", () => {
    const status = {
      v1: {
        stage: null,
        init: { errors: ['no network'], recoverable_errors: { WARNING: ['odd key'] } },
        'modules-config': { errors: [] },
      },
    }
    const fields = {
      event: 'cloud-init',
      version: base64('25.1'),
      instance: base64('iid-1\n'),
      status: base64(JSON.stringify(status)),
      result: base64(JSON.stringify({ v1: { datasource: 'DataSourceNoCloud', errors: [] } })),
      warnings: '',
    }

    expect(read(line(fields)).events).toEqual([
      {
        event: 'cloud-init',
        s: 1.5,
        version: '25.1',
        instance: 'iid-1',
        datasource: 'DataSourceNoCloud',
        finished: true,
        errors: ['init: no network'],
        warnings: ['odd key'],
      },
    ])
  })

  it('takes a missing or broken result file of cloud-init for an unfinished one', () => {
    const { events } = read(line({ event: 'cloud-init', result: base64('{"v1":'), status: '' }))

    expect(events).toMatchObject([{ finished: false, errors: [], warnings: [], datasource: '' }])
  })

  it('reads what is in the image, packages unpacked', () => {
    const packages = gzipSync('bash 5.2 amd64\nlinux 6.1 amd64\n').toString('base64')
    const boot = base64('initrd.img-6.1\nvmlinuz-6.1\n')

    const { events } = read(
      line({ event: 'inventory', os: base64('Debian'), boot, cmdline: base64(' linux x\n'), packages }),
    )

    expect(events).toEqual([
      {
        event: 'inventory',
        s: 1.5,
        os: 'Debian',
        kernels: ['vmlinuz-6.1'],
        initrds: ['initrd.img-6.1'],
        cmdline: 'linux x',
        packages: ['bash 5.2 amd64', 'linux 6.1 amd64'],
      },
    ])
  })

  it('is not filled up by a package list that unpacks to much more than it is', () => {
    const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20)).toString('base64')

    const { events } = read(line({ event: 'inventory', packages: bomb }))

    expect(events).toMatchObject([{ packages: [] }])
  })

  it.each([
    ['another nonce', line({ event: 'done' }, 'f'.repeat(32))],
    ['no nonce', '{"event":"done","s":1}\n'],
    ['the nonce in another place', `{"event":"done","s":1,"cvm":"${NONCE}"}\n`],
    ['the nonce cut short', line({ event: 'done' }, NONCE.slice(0, 31))],
  ])('takes a line with %s for noise', (_title, text) => {
    expect(read(text)).toEqual({ events: [], malformed: 0 })
  })

  it.each([
    ['an unknown event', line({ event: 'launch' })],
    ['no time', `{"cvm":"${NONCE}","event":"done"}\n`],
    ['a time that is text', line({ event: 'done', s: '1' })],
    ['an exit code that is text', line({ event: 'failed', part: 'x', rc: '1' })],
    ['no part', line({ event: 'part-start' })],
    ['a part that no part can be called', line({ event: 'part-start', part: '../x' })],
    ['half of the line', `{"cvm":"${NONCE}","event":"do\n`],
    ['a part of a list beyond its end', line({ event: 'listing', part: 3, of: 2, data: '' })],
    ['a part of a list that is no number', line({ event: 'listing', part: '1', of: 2, data: '' })],
    ['the part 0 of a list', line({ event: 'listing', part: 0, of: 2, data: '' })],
    ['a part of a list that is not base64', line({ event: 'listing', part: 1, of: 2, data: 'a b' })],
    ['a part of a list without data', line({ event: 'listing', part: 1, of: 2 })],
  ])('counts a line with %s, and drops it', (_title, text) => {
    expect(read(text)).toEqual({ events: [], malformed: 1 })
  })

  it('finds its lines behind what firmware and boot loader wrote without a line break', () => {
    const text = `\u001b[2J\u001b[01;01HGRUB {"cvm":"no ${line({ event: 'boot' })}`

    expect(read(text).events).toEqual([{ event: 'boot', s: 1.5 }])
  })

  it('puts lines together whatever the pieces in which they come', () => {
    const text = Buffer.from(line({ event: 'note', part: 'x', text: base64('grün') }) + line({ event: 'done' }))
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 12 }), (cuts) => {
        const reader = new GuestReportReader(NONCE)
        const ends = [...cuts.sort((one, other) => one - other), text.length]
        const events = ends.flatMap((end, index) => reader.feed(text.subarray(ends[index - 1] ?? 0, end)))
        expect(events).toMatchObject([{ event: 'note', text: 'grün' }, { event: 'done' }])
      }),
    )
  })

  it('drops a line that never ends, and reads the one after it', () => {
    const reader = new GuestReportReader(NONCE)
    const endless = Buffer.from(
      line({ event: 'boot' })
        .slice(0, -2)
        .padEnd(2 ** 20, 'x'),
    )
    for (let round = 0; round < 4; round += 1) expect(reader.feed(endless)).toEqual([])

    expect(reader.feed(Buffer.from(`}\n${line({ event: 'done' })}`))).toEqual([{ event: 'done', s: 1.5 }])
  })

  it('drops an overlong line that comes as one piece too', () => {
    const long = line({ event: 'note', part: 'x', text: 'A'.repeat(2 ** 20) })

    expect(read(long + line({ event: 'done' })).events).toEqual([{ event: 'done', s: 1.5 }])
  })

  it('takes control characters and terminal sequences out of all text', () => {
    const evil = base64('\u001b]0;title\u0007red\u001b[31m\u0000\u202e end\nsecond')
    const status = { v1: { init: { errors: ['\u001b[2Jgone'] } } }

    const { events } = read(
      line({ event: 'part-end', part: 'x', rc: 1, tail: evil }) +
        line({ event: 'cloud-init', warnings: evil, version: evil, status: base64(JSON.stringify(status)) }),
    )

    expect(JSON.stringify(events)).not.toMatch(/\\u00[01]|\\u202e/)
    expect(events[0]).toMatchObject({ tail: 'red end\nsecond' })
    expect(events[1]).toMatchObject({ errors: ['init: gone'] })
  })

  it('bounds lists and text', () => {
    const many = base64('x.service\n'.repeat(5000))

    const [units] = read(line({ event: 'units', failed: many })).events as [{ failed: string[] }]

    expect(units.failed).toHaveLength(200)
  })

  it('never throws, whatever the guest sends', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (chunks) => {
        const reader = new GuestReportReader(NONCE)
        for (const chunk of chunks) reader.feed(chunk)
      }),
    )
    const names = ['cloud-init', 'inventory', 'part-end', 'units', 'sealed', 'note', 'payload', 'no-space', 'failed']
    const fields = fc.dictionary(
      fc.constantFrom('part', 'rc', 'tail', 'status', 'result', 'packages', 'failed', 'left', 'text', 's', 'warnings'),
      fc.oneof(
        fc.jsonValue(),
        fc.jsonValue().map((value) => base64(JSON.stringify(value))),
      ),
    )
    fc.assert(
      fc.property(fc.constantFrom(...names), fields, (event, given) => {
        const { events, malformed } = read(line({ event, ...given }))
        expect(events.length + malformed).toBe(1)
      }),
    )
  })
})

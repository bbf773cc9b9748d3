import { existsSync, readFileSync, statSync } from 'node:fs'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  aBench,
  aGoodGuest,
  aPartRun,
  type Bench,
  base64,
  type GuestStep,
  until,
  WITHOUT_MAKE_MIME,
} from './rewrite-bench.js'

const BOOT: readonly GuestStep[] = [{ console: 'Linux version 6.1\r\n' }, { report: { event: 'boot' } }]
const SCRIPT = '100-10-hello-guest_run.sh'

interface Ending {
  readonly title: string
  readonly guest: readonly GuestStep[]
  readonly code: number
  readonly error: string
  /** All of these are told to the person. */
  readonly words: readonly (string | RegExp)[]
  readonly domainEvents?: string
}

const ENDINGS: readonly Ending[] = [
  {
    title: 'a script of a plugin fails',
    guest: [
      ...BOOT,
      ...aPartRun(SCRIPT, 3, 'one\ntwo\n\u001b[31mred end\n'),
      { report: { event: 'failed', part: SCRIPT, rc: 3 } },
    ],
    code: 7,
    error: 'GUEST_SCRIPT_FAILED',
    words: ['10-hello: guest_run.sh exited 3 after 1.0 s', 'red end', '--skip 10-hello'],
  },
  {
    title: 'the guest stops without having said anything',
    guest: [{ console: 'Linux version 6.1\r\nlast words\r\n' }],
    code: 7,
    error: 'GUEST_STOPPED_EARLY',
    words: ['it reported nothing', 'last words'],
  },
  {
    title: 'done comes with another nonce than the one of the run',
    guest: aGoodGuest({ nonce: 'f'.repeat(32) }),
    code: 7,
    error: 'GUEST_STOPPED_EARLY',
    words: ['trimmed'],
  },
  {
    title: 'the kernel panics',
    guest: [...BOOT, { console: '[    1.0] Kernel panic - not syncing: VFS: no root\r\n' }, { hang: true }],
    code: 7,
    error: 'GUEST_PANICKED',
    words: ['VFS: no root'],
  },
  {
    title: 'virt-install cannot start the guest',
    guest: [{ exit: 1, stderr: 'ERROR    unsupported configuration\nYou can restart your domain by running x\n' }],
    code: 3,
    error: 'TOOL_FAILED',
    words: ['unsupported configuration'],
  },
  {
    title: 'the payload does not fit the guest',
    guest: [
      ...BOOT,
      { report: { event: 'payload', rc: 2, tail: base64('tar: etc/hello: Cannot open: File exists\n') } },
      { hang: true },
    ],
    code: 5,
    error: 'PAYLOAD_CONFLICT',
    words: ['tar: etc/hello: Cannot open: File exists'],
  },
  {
    title: 'the guest has no room',
    guest: [...BOOT, { report: { event: 'no-space', needKiB: 20480, freeKiB: 1024 } }, { hang: true }],
    code: 9,
    error: 'GUEST_NO_SPACE',
    words: ['20 MiB', '1 MiB', 'GUEST_SIZE'],
  },
  {
    title: 'the image keeps something of the build',
    guest: aGoodGuest({ left: '/etc/machine-id\n' }),
    code: 8,
    error: 'CHECK_FAILED',
    words: ['/etc/machine-id'],
  },
  {
    title: 'the guest does not say what it keeps',
    guest: aGoodGuest({ sealed: false }),
    code: 8,
    error: 'CHECK_FAILED',
    words: ['did not report what is left'],
  },
  {
    title: 'its report does not end',
    guest: [...BOOT, { report: { event: 'units', failed: '' }, times: 10_001 }, { hang: true }],
    code: 7,
    error: 'GUEST_REPORT_FLOODED',
    words: ['does not end'],
  },
  {
    title: 'the disk of the host is full',
    guest: [...BOOT, { hang: true }],
    domainEvents: "event 'io-error-reason' for domain 'x': /w/work.qcow2 (virtio-disk0) pause due to enospc\n",
    code: 9,
    error: 'NO_SPACE',
    words: ["the host's disk is full"],
  },
  {
    title: 'the guest restarts again and again',
    guest: [...BOOT, { hang: true }],
    domainEvents: "event 'reboot' for domain 'x'\n".repeat(4),
    code: 7,
    error: 'GUEST_REBOOT_LOOP',
    words: ['restarted 4 times'],
  },
]

describe('a run without a libvirt', () => {
  it.concurrent('tells the last words of the private daemon, and what to do when -s was not given', async () => {
    await using bench = await aBench()
    await writeFile(join(bench.bin, 'libvirtd'), '#!/bin/sh\necho first >&2\necho apparmor says no >&2\nexit 1\n')

    const { code, stderr } = await bench.run([])

    expect(code).toBe(3)
    expect(stderr).toMatch(
      /error\[LIBVIRT_UNREACHABLE\] .*\n {2}why: {2}apparmor says no\n.*first\n.*\n {2}next: Mend .*-s/,
    )
    expect(bench.processes()).toEqual([])
  })

  it.concurrent('says whether the socket of -s is there', async () => {
    await using bench = await aBench()

    const { code, stderr } = await bench.run(['-s', '/nonexistent'])

    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('no socket at /nonexistent') })
  })
})

describe('a run whose guest fails', () => {
  it.concurrent.each(ENDINGS)('ends without an output when $title', async (ending) => {
    await using bench = await aBench()
    await bench.guest(ending.guest)
    if (ending.domainEvents !== undefined) await writeFile(join(bench.bin, 'domain-events'), ending.domainEvents)

    const { code, stdout, stderr } = await bench.run(['--json', '-q'])

    expect({ code, stderr }).toEqual({ code: ending.code, stderr: WITHOUT_MAKE_MIME })
    const { outcome, error } = JSON.parse(stdout)
    expect({ outcome, code: error.code }).toEqual({ outcome: 'error', code: ending.error })
    for (const words of ending.words)
      expect([error.message, error.why, error.next, ...error.lines].join('\n')).toMatch(words)
    expect(JSON.stringify(error)).not.toContain('\\u001b')
    expectOnlyWhatExplainsTheFailure(bench, ending.error)
  })

  it.concurrent('keeps the disk too when --keep-failed asks for it', async () => {
    await using bench = await aBench()
    await bench.guest([...BOOT])

    const { code, stderr } = await bench.run(['--keep-failed'])

    expect(code).toBe(7)
    expect(stderr).toMatch(/error\[GUEST_STOPPED_EARLY\]/)
    expect(existsSync(join(failedDir(bench), 'disk.qcow2'))).toBe(true)
  })

  it.concurrent('tells that the input was changed under it, whatever the guest made of that', async () => {
    await using bench = await aBench()
    await bench.guest([...BOOT, { waitMs: 1_000 }])
    const running = bench.start([])
    await until(() => bench.boots().length > 0, 'the guest runs')
    await utimes(bench.at('guest.qcow2'), 1, 1)

    const { code, stderr } = await running.outcome

    expect(code).toBe(4)
    expect(stderr).toMatch(/error\[INPUT_CHANGED\].*guest\.qcow2/)
    expectOnlyWhatExplainsTheFailure(bench, 'INPUT_CHANGED')
  })

  it.concurrent('keeps the finished image when the name of the output is taken meanwhile', async () => {
    await using bench = await aBench()
    await bench.plugin('post-stage/90-taken/host_run.sh', `#!/bin/sh\necho mine >'${bench.at('output.qcow2')}'\n`)

    const { code, stderr } = await bench.run([])

    const kept = join(failedDir(bench), 'finished.qcow2')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`the finished image is ${kept}`) })
    expect(stderr).toContain('error[OUTPUT_EXISTS]')
    expect(readFileSync(bench.at('output.qcow2'), 'utf8')).toBe('mine\n')
    expect(statSync(kept).size).toBeGreaterThan(100_000)
  })

  it.concurrent('keeps a previous output as it was', async () => {
    await using bench = await aBench()
    await writeFile(bench.at('output.qcow2'), 'the one before')
    await bench.guest([...BOOT])

    const { code } = await bench.run(['--force'])

    expect(code).toBe(7)
    expect(readFileSync(bench.at('output.qcow2'), 'utf8')).toBe('the one before')
  })
})

function expectOnlyWhatExplainsTheFailure(bench: Bench, code: string): void {
  const dir = failedDir(bench)
  expect(bench.listing()).toEqual({ dir: ['guest.qcow2', dir.slice(bench.dir.length + 1)], tmp: [] })
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  expect(existsSync(join(dir, 'console.log'))).toBe(true)
  expect(existsSync(join(dir, 'disk.qcow2'))).toBe(false)
  const report = JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8'))
  expect(report).toMatchObject({ outcome: 'error', error: { code } })
  expect(report.output).toBeUndefined()
  expect(bench.processes()).toEqual([])
}

function failedDir(bench: Bench): string {
  const name = bench.listing().dir.find((each) => /^output\.failed-[0-9a-f]{8}$/.test(each))
  if (name === undefined) throw new Error(`no directory of the failure: ${bench.listing().dir.join(' ')}`)
  return bench.at(name)
}

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aRawListing } from '../../fixtures/listings.js'
import { aBench, aGoodGuest, aPartRun, type Bench, base64, type GuestStep } from './rewrite-bench.js'
import { runCli } from './run-cli.js'

const BEFORE = aRawListing({
  'files /': ['d 755 0 0 4096 7 etc', 'f 644 0 0 4 7 etc/motd'],
  users: ['root:0:0:/root:/bin/sh'],
})
const AFTER = aRawListing({
  'files /': ['d 755 0 0 4096 7 etc', 'f 600 0 0 4 7 etc/motd', 'f 644 0 0 6 7 etc/hello'],
  'sums /': [`${'a'.repeat(64)}  ./etc/hello`],
  users: ['root:0:0:/root:/bin/sh', 'hello:988:988:/:/bin/false'],
})

/** The listing in as many parts as bytes say, before the guest is done. */
function aGuestThatLists(listing: Buffer, partBytes = 100, more: readonly GuestStep[] = []): GuestStep[] {
  const of = Math.ceil(listing.length / partBytes)
  const parts = Array.from({ length: of }, (_, index) => ({
    report: {
      event: 'listing',
      part: index + 1,
      of,
      data: listing.subarray(index * partBytes, (index + 1) * partBytes).toString('base64'),
    },
  }))
  const good = aGoodGuest()
  return [...good.slice(0, -2), ...more, ...parts, ...good.slice(-2)]
}

async function test(bench: Bench, ...args: readonly string[]) {
  const all = ['plugin', 'test', ...args, '--guest', 'guest.qcow2', '--plugins', bench.plugins]
  return await runCli(bench.dir, all, bench.environment())
}

/** What run.env of the Nth boot says of the list. */
function wishes(bench: Bench): readonly string[] {
  return bench
    .boots()
    .map(({ args }) => args[args.indexOf('--name') + 1])
    .map((domain) => /^CVM_LISTING='(.*)'$/m.exec(bench.calls(`${domain}.cvm.run.env`))?.[1] ?? 'none')
}

describe('plugin test', () => {
  it.concurrent('shows what the plugin changed, from two boots at first and from one later', async () => {
    await using bench = await aBench()
    const note = { report: { event: 'note', part: '100-10-hello-guest_run.sh', text: base64('hello is there') } }
    await bench.guest(aGuestThatLists(AFTER, 100, [note]))
    await bench.guest(aGuestThatLists(BEFORE), 2)

    const first = await test(bench, 'hello', '--json')

    expect({ code: first.code, stderr: first.stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('once without plugins, to compare with'),
    })
    const answer = JSON.parse(first.stdout)
    expect(answer).toMatchObject({
      schema: 'cvm-plugin-test/1',
      plugin: '10-hello',
      baseline: 'made',
      notes: ['hello is there'],
    })
    expect(answer.changes).toEqual({
      files: [
        {
          change: 'added',
          path: '/etc/hello',
          now: { kind: 'file', mode: '0644', owner: 'root:0', sizeBytes: 6 },
          different: [],
        },
        {
          change: 'changed',
          path: '/etc/motd',
          before: { kind: 'file', mode: '0644', owner: 'root:0', sizeBytes: 4 },
          now: { kind: 'file', mode: '0600', owner: 'root:0', sizeBytes: 4 },
          different: ['mode'],
        },
      ],
      packages: [],
      users: [{ change: 'added', name: 'hello', now: 'uid 988, gid 988, home /, shell /bin/false' }],
      groups: [],
      units: [],
      kernelArguments: [],
      initrds: [],
    })
    expect(wishes(bench)).toEqual(['changed', 'all'])

    const second = await test(bench, '10')

    expect({ code: second.code, boots: bench.boots().length }).toEqual({ code: 0, boots: 3 })
    expect(second.stderr).not.toContain('once without plugins')
    expect(second.stdout.replace(/\n\d+ s;/, '\n1 s;')).toBe(`10-hello ran, and this is what it changed:
files
  + /etc/hello  0644 root:0, 6 bytes
  ~ /etc/motd  0644 → 0600
users
  + hello  uid 988, gid 988, home /, shell /bin/false
notes
  hello is there

1 s; the image was thrown away (--keep DIR keeps it)
`)
    expect(bench.listing()).toEqual({ dir: ['guest.qcow2'], tmp: [] })
  })

  it.concurrent('compares anew when the post-stage is another, and when what was kept is damaged', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatLists(BEFORE))
    const made = async () => JSON.parse((await test(bench, 'hello', '--json')).stdout).baseline

    expect(await made()).toBe('made')
    await bench.plugin('post-stage/10-seal/guest_run.sh', '#!/bin/sh\nfalse || true\n')
    expect(await made()).toBe('made')
    expect(await made()).toBe('kept')
    const kept = join(bench.root, 'cache/cvm-image-rewriter/baselines')
    for (const name of readdirSync(kept)) writeFileSync(join(kept, name), 'nonsense')
    expect(await made()).toBe('made')
  })

  it.concurrent('gives the other run no plugin of the pre-stage', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatLists(BEFORE))

    expect((await test(bench, 'hello')).code).toBe(0)

    const bundles = bench
      .boots()
      .map(({ args }) => bench.calls(`${args[args.indexOf('--name') + 1]}.user-data`))
      .map((bundle) => bundle.includes('10-hello'))
    expect(bundles).toEqual([true, false])
  })

  it.concurrent('says that nothing changed when nothing did', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatLists(BEFORE))

    expect((await test(bench, 'hello')).stdout).toContain(
      'nothing in the guest is different from a run without plugins\n',
    )
  })

  it.concurrent('fails as a rewrite does, with the last lines of the script, after one boot', async () => {
    await using bench = await aBench()
    await bench.guest([
      { report: { event: 'boot' } },
      ...aPartRun('100-10-hello-guest_run.sh', 3, 'useradd: no such thing\n'),
      { report: { event: 'failed', part: '100-10-hello-guest_run.sh', rc: 3 } },
    ])

    const { code, stderr, stdout } = await test(bench, 'hello')

    expect({ code, stdout }).toEqual({ code: 7, stdout: '' })
    expect(stderr).toContain('useradd: no such thing')
    expect(stderr).toContain('--keep')
    expect(stderr).not.toContain('/output.failed-')
    expect(bench.boots()).toHaveLength(1)
    expect(bench.listing()).toEqual({ dir: ['guest.qcow2'], tmp: [] })
  })

  it.concurrent('keeps the output with --keep, and what is known of a failure', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatLists(BEFORE))
    const { code, stdout } = await test(bench, 'hello', '--keep', 'kept')

    expect(code).toBe(0)
    expect(readdirSync(bench.at('kept')).sort()).toEqual(['changes.json', 'output.qcow2', 'output.report.json'])
    expect(JSON.parse(readFileSync(bench.at('kept/changes.json'), 'utf8')).plugin).toBe('10-hello')
    expect(stdout).toContain(bench.at('kept'))
    expect((await test(bench, 'hello', '--keep', 'kept')).stderr).toMatch(/^error\[USAGE\] --keep kept: /)

    await bench.guest([
      { report: { event: 'boot' } },
      { report: { event: 'failed', part: '100-10-hello-guest_run.sh', rc: 3 } },
    ])
    expect((await test(bench, 'hello', '--keep', 'failed')).code).toBe(7)
    expect(readdirSync(bench.at('failed'))).toEqual([expect.stringMatching(/^output\.failed-/)])
  })

  it.concurrent.each([
    ['sends no list', aGoodGuest()],
    ['sends half of it', aGuestThatLists(BEFORE).filter((step) => step.report?.['part'] !== 1)],
    ['sends one that cannot be unpacked', aGuestThatLists(Buffer.from('not compressed'))],
    [
      'sends one that unpacks to more than memory is for',
      aGuestThatLists(aRawListing({ users: ['x'.repeat(2 ** 27)] }), 150_000),
    ],
  ])('fails in words when the guest %s', async (_what, steps) => {
    await using bench = await aBench()
    await bench.guest(steps)

    const { code, stderr } = await test(bench, 'hello')

    expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringContaining('error[LISTING_UNREADABLE]') })
    expect(existsSync(join(bench.root, 'cache/cvm-image-rewriter/baselines'))).toBe(false)
  })

  it.concurrent('gives the plugin the variables that no plugin.yaml declares, and the run to compare with only those of sealing', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatLists(AFTER))
    await bench.guest(aGuestThatLists(BEFORE), 2)
    const args = ['plugin', 'test', 'hello', '--guest', 'guest.qcow2', '--plugins', bench.plugins]

    const { code } = await runCli(bench.dir, args, bench.environment({ CVM_COLOUR: 'blue', SEAL_CLOUD_INIT: 'close' }))

    expect(code).toBe(0)
    const exported = bench
      .boots()
      .map(({ args: boot }) => bench.calls(`${boot[boot.indexOf('--name') + 1]}.cvm.run.env`).match(/^export .*$/gm))
    expect(exported).toEqual([
      ["export CVM_COLOUR='blue'", "export SEAL_CLOUD_INIT='close'"],
      ["export SEAL_CLOUD_INIT='close'"],
    ])
  })

  it.concurrent('shows no secret in the error of a plugin that prints it and fails', async () => {
    await using bench = await aBench()
    await bench.plugin(
      'pre-stage/10-hello/plugin.yaml',
      'options: {CVM_LICENCE: {type: string, secret: true}}\n',
      0o644,
    )
    await bench.plugin('pre-stage/10-hello/host_run.sh', '#!/bin/sh\necho "refused: $CVM_LICENCE"; exit 1\n')
    const args = ['plugin', 'test', 'hello', '--guest', 'guest.qcow2', '--plugins', bench.plugins]

    const { code, stdout, stderr } = await runCli(bench.dir, args, bench.environment({ CVM_LICENCE: 'correct horse' }))

    expect(code).toBe(6)
    expect(stderr).toContain('refused: (secret)')
    expect(stdout + stderr).not.toContain('correct horse')
  })

  it.concurrent('keeps nothing to compare with that it could not read', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatLists(AFTER))
    await bench.guest(aGuestThatLists(Buffer.from('not compressed')), 2)

    const { code, stderr } = await test(bench, 'hello')

    expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringContaining('error[LISTING_UNREADABLE]') })
    expect(existsSync(join(bench.root, 'cache/cvm-image-rewriter/baselines'))).toBe(false)
  })

  it.concurrent('refuses before any boot what cannot be tested, with the next step', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/20-out/NOT_RUN', '')
    await bench.plugin(
      'pre-stage/30-wants/plugin.yaml',
      'options: {WANTED: {type: string}}\nrequires: {options: [WANTED]}\n',
    )
    await bench.plugin('pre-stage/40-bad/plugin.yaml', 'nonsense: 1\n')
    await bench.plugin('pre-stage/10-twin/files/etc/x', '')
    const answer = async (name: string) => {
      const { code, stderr } = await test(bench, name)
      return `${code} ${stderr}`
    }

    expect(await answer('helo')).toMatch(/^2 error\[PLUGIN_UNKNOWN\][\s\S]*hello/)
    expect(await answer('10-seal')).toMatch(/^2 .*10-seal belongs to the post-stage/)
    expect(await answer('10')).toMatch(/^2 .*10 means 10-hello and 10-twin/)
    expect(await answer('20-out')).toMatch(/^2 .*NOT_RUN[\s\S]*next: Remove /)
    expect(await answer('30-wants')).toMatch(
      /^2 .*WANTED not given[\s\S]*next: Give it: WANTED=… cvm-rewrite plugin test 30-wants/,
    )
    expect(await answer('40-bad')).toMatch(/^5 error\[PLUGIN_INVALID\].*40-bad\/plugin\.yaml/)
    expect(bench.boots()).toEqual([])
  })
})

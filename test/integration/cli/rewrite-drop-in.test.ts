import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FINAL_GENERATION, FIRST_GENERATION, plantTree, stateOf } from './original-layouts.js'
import { aBench, aGoodGuest, aPartRun, type Bench, base64, type GuestStep, type Outcome } from './rewrite-bench.js'

describe("the bash tool's first layout (pre-stage/NN-x/host_run.sh, post-stage/)", () => {
  it.concurrent('runs unchanged: host scripts in order with GUEST_IMG and common.sh, guest_run.sh in the guest (D1, D2, D18)', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatRuns(['100-05-first-guest_run.sh'], []))

    const { outcome, trace } = await rewrite(bench, FIRST_GENERATION)

    expect(outcome).toEqual({ code: 0, stdout: expect.stringContaining('rewritten'), stderr: expect.any(String) })
    expect(trace).toEqual([
      expect.stringMatching(/^pre 05-first \/.*work\.qcow2$/),
      expect.stringMatching(/^pre 20-second \/.*work\.qcow2$/),
      expect.stringMatching(/^post 99-byebye \/.*candidate\.qcow2$/),
    ])
    expect(partNames(bench)).toEqual(['boothook.sh', 'user-data.basic', '000-run-parts', '100-05-first-guest_run.sh'])
  })

  it.concurrent('takes what host scripts make and the dot files into the image, and leaves the tree as it was (D2, D5, D21, D31)', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatRuns(['100-05-first-guest_run.sh'], []))

    const { outcome, before, after } = await rewrite(bench, FIRST_GENERATION)

    expect(outcome.code).toBe(0)
    expect(payload(bench)).toEqual(['.hidden', 'etc/', 'etc/made'])
    expect(after).toEqual(before)
  })

  it.concurrent('starts from its user-data.basic without the power_state, and from its meta-data.template', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatRuns(['100-05-first-guest_run.sh'], []))

    const { outcome } = await rewrite(bench, FIRST_GENERATION, ['-v'])

    expect(outcome.code).toBe(0)
    expect(outcome.stderr).toMatch(/note: .*user-data\.basic: its power_state is left out/)
    const [domain] = domains(bench)
    const bundled = decoded(bench.calls(`${domain}.user-data`))
    expect(bundled).toContain('  - echo from the old user-data\n')
    expect(bundled).not.toContain('power_state')
    expect(bench.calls(`${domain}.meta-data`)).toContain('local-hostname: old-template')
  })

  it.concurrent('says that nothing seals the image when its post-stage has no 10-seal (D12)', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatRuns(['100-05-first-guest_run.sh'], []))

    const { outcome } = await rewrite(bench, FIRST_GENERATION, ['-v'])

    expect(outcome.stderr).toMatch(/note: .*post-stage: has no 10-seal, so the image is not sealed/)
    expect(outcome.stdout).toContain('NOT SEALED')
  })
})

describe("the bash tool's last layout (plugins/NN-x/{pre-stage,post-stage}, scripts/common.sh)", () => {
  it.concurrent('runs unchanged: both stages of one directory in order, with GUEST_IMG and common.sh (D1)', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatRuns(FINAL_PARTS, FINAL_POST_PARTS))

    const { outcome, trace } = await rewrite(bench, FINAL_GENERATION)

    expect(outcome).toEqual({ code: 0, stdout: expect.stringContaining('rewritten'), stderr: expect.any(String) })
    expect(trace).toEqual([
      expect.stringMatching(/^pre 05-first \/.*work\.qcow2$/),
      expect.stringMatching(/^pre 20-second \/.*work\.qcow2$/),
      expect.stringMatching(/^post 20-second \/.*candidate\.qcow2$/),
      expect.stringMatching(/^post 99-byebye \/.*candidate\.qcow2$/),
    ])
  })

  it.concurrent('gives the guest each guest_run.sh under a name of its own, and the shipped post-stage after them (D18)', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatRuns(FINAL_PARTS, FINAL_POST_PARTS))

    const { outcome } = await rewrite(bench, FINAL_GENERATION)

    expect(outcome.code).toBe(0)
    expect(outcome.stdout).toContain('10-seal')
    expect(partNames(bench)).toEqual([
      'boothook.sh',
      'user-data.basic',
      '000-run-parts',
      ...FINAL_PARTS,
      ...FINAL_POST_PARTS,
    ])
    const userData = bench.calls(`${domains(bench)[0]}.user-data`)
    for (const name of ['05-first', '20-second'])
      expect(userData).toContain(base64(FINAL_GENERATION[`plugins/${name}/pre-stage/guest_run.sh`] ?? ''))
  })

  it.concurrent('takes what host scripts make and the dot files into the image, and leaves the tree as it was (D2, D5, D21, D31)', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatRuns(FINAL_PARTS, FINAL_POST_PARTS))

    const { outcome, before, after } = await rewrite(bench, FINAL_GENERATION, ['-v'])

    expect(outcome.code).toBe(0)
    expect(payload(bench)).toEqual(['.hidden', 'etc/', 'etc/made'])
    expect(after).toEqual(before)
    expect(outcome.stderr).toMatch(/note: .*20-second\/post-stage\/clean_up\.sh: is not run/)
  })

  it.concurrent('lets a host script call virt-customize and virt-copy-in on GUEST_IMG, without a libvirt in between', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatRuns(FINAL_PARTS, FINAL_POST_PARTS))
    for (const tool of ['virt-customize', 'virt-copy-in'])
      await writeFile(join(bench.bin, tool), FAKE_GUESTFS, { mode: 0o755 })
    const scripts = {
      'plugins/20-second/pre-stage/host_run.sh': `#!/bin/bash
virt-customize -a "\${GUEST_IMG}" --run-command 'mkdir -p /etc/second' || exit 1
virt-copy-in -a "\${GUEST_IMG}" "$(dirname "$0")" /srv
`,
    }

    const { outcome, trace } = await rewrite(bench, { ...FINAL_GENERATION, ...scripts })

    expect(outcome.code).toBe(0)
    expect(trace.slice(1, 3)).toEqual([
      expect.stringMatching(
        /^virt-customize direct force_tcg -a \/.*work\.qcow2 --run-command mkdir -p \/etc\/second$/,
      ),
      expect.stringMatching(
        /^virt-copy-in direct force_tcg -a \/.*work\.qcow2 \/.*\/plugins\/20-second\/pre-stage \/srv$/,
      ),
    ])
  })

  it.concurrent('keeps a log of its own for each stage of a plugin when a script fails', async () => {
    await using bench = await aBench()
    await bench.guest(aGuestThatRuns(FINAL_PARTS, FINAL_POST_PARTS))
    const broken = { 'plugins/20-second/post-stage/host_run.sh': '#!/bin/sh\necho broken late >&2\nexit 4\n' }

    const { outcome } = await rewrite(bench, { ...FINAL_GENERATION, ...broken })

    expect(outcome.code).not.toBe(0)
    expect(outcome.stderr).toMatch(/error\[POST_SCRIPT_FAILED\] 20-second: post-stage\/host_run\.sh exited 4/)
    const failed = bench.listing().dir.find((name) => name.includes('failed-')) ?? ''
    const log = (name: string) => readFileSync(join(bench.at(failed), 'logs', name), 'utf8')
    expect(log('20-second-post-stage-host_run.sh.log')).toContain('broken late')
    expect(log('20-second-pre-stage-host_run.sh.log')).not.toContain('broken late')
  })
})

const FAKE_GUESTFS = `#!/bin/sh
echo "\${0##*/} $LIBGUESTFS_BACKEND $LIBGUESTFS_BACKEND_SETTINGS $*" >>"$CVM_TRACE"
`
const FINAL_PARTS = ['100-05-first-05-made.sh', '101-05-first-guest_run.sh', '102-20-second-guest_run.sh']
const FINAL_POST_PARTS = ['post-100-10-seal-guest_run.sh', 'post-101-20-second-guest_run.sh']

/** Runs with a tree of its own for --plugins, and tells what its scripts wrote down and how the tree was before and after. */
async function rewrite(
  bench: Bench,
  files: Readonly<Record<string, string>>,
  options: readonly string[] = [],
): Promise<{ outcome: Outcome; trace: readonly string[]; before: unknown; after: unknown }> {
  const tree = join(bench.root, 'old tool')
  const traceFile = join(bench.root, 'trace')
  await plantTree(tree, files)
  const before = stateOf(tree)
  const outcome = await bench.run(['--plugins', tree, ...options], { CVM_TRACE: traceFile })
  const lines = execFileSync('sh', ['-c', 'cat "$1" 2>/dev/null || true', 'sh', traceFile]).toString()
  return { outcome, trace: lines.trimEnd().split('\n'), before, after: stateOf(tree) }
}

/** A good guest that tells of these parts instead of the bench's own. */
function aGuestThatRuns(parts: readonly string[], postParts: readonly string[]): GuestStep[] {
  const steps = aGoodGuest().filter(({ report }) => !/^(100-|post-)/.test(String(report?.['part'])))
  const before = (event: string, names: readonly string[]) => {
    const at = steps.findIndex(({ report }) => report?.['event'] === event || report?.['part'] === event)
    steps.splice(at, 0, ...names.flatMap((name) => aPartRun(name, 0, '')))
  }
  before('boot-files', parts)
  before('sealed', postParts)
  return steps
}

function domains(bench: Bench): readonly string[] {
  return bench.boots().map(({ args }) => args[args.indexOf('--name') + 1] ?? '')
}

function partNames(bench: Bench): readonly string[] {
  return [...bench.calls(`${domains(bench)[0]}.user-data`).matchAll(/filename="(.*)"/g)].map(([, name]) => name ?? '')
}

/** The parts of a bundle, out of their base64. */
function decoded(bundle: string): string {
  const bodies = bundle.match(/(?:^[A-Za-z0-9+/]+=*\r?\n)+/gm) ?? []
  return bodies.map((body) => Buffer.from(body, 'base64').toString()).join('')
}

function payload(bench: Bench): readonly string[] {
  const tar = join(bench.bin, 'calls', `${domains(bench)[0]}.payload.tar`)
  return execFileSync('tar', ['-tf', tar]).toString().trimEnd().split('\n').sort()
}

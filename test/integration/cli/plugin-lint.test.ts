import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MERGE_HOW, type PluginTrees, plantPlugins } from '../plugins/plugin-trees.js'
import { runCli } from './run-cli.js'

const README = '# x\n\nDoes x.\n'
const GOOD = { 'pre-stage/10-good/README.md': README, 'pre-stage/10-good/guest_run.sh': '#!/bin/sh\nset -eu\ntrue\n' }
const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0
let broken: PluginTrees

beforeAll(async () => {
  broken = await plantPlugins({
    ...GOOD,
    'pre-stage/20-bad/README.md': README,
    'pre-stage/20-bad/cloud-init/cloud-config/20-a.yaml': `#cloud-config\n${MERGE_HOW}runcmd:\n  - [a\n`,
    'pre-stage/20-bad/files/etc/ima/ima-policy': 'measure func=NONSENSE\n',
    'pre-stage/30-clash/README.md': README,
    'pre-stage/30-clash/files/etc/ima': 'a file\n',
    'pre-stage/40-doubtful/guest_run.sh': '#!/bin/sh\nset -eu\nupdate-grub\nreboot\n',
    'pre-stage/50-idle/README.md': '# 50-idle\n',
    'pre-stage/60-left-out/NOT_RUN': '',
    'pre-stage/60-left-out/guest_run.sh': 'not even a script',
    'pre-stage/70-scripts/README.md': README,
    'pre-stage/70-scripts/host_run.sh': '#!/bin/sh\ncd "$CVM_WORK_DIR"\n',
    'pre-stage/70-scripts/cloud-init/x-shellscript/70-a.sh': '#!/bin/bash\nif [ a ; then\n',
    'pre-stage/70-scripts/guest_run.sh': '#!/usr/bin/python3\nif [ a ; then\n',
  })
})
afterAll(async () => await broken[Symbol.asyncDispose]())

interface Told {
  readonly severity: string
  readonly code: string
  readonly plugin: string | null
  readonly file: string | null
  readonly line: number | null
  readonly hint: string
}

async function told(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await runCli(broken.root, ['plugin', 'lint', '--format', 'json', ...args], env)
  const answer = JSON.parse(stdout) as { ok: boolean; checked: number; skipped: number; findings: readonly Told[] }
  return { code, stderr, answer, lines: answer.findings.map((each) => `${each.code} ${each.file}:${each.line}`) }
}

describe('plugin lint', () => {
  it('tells all problems of all plugins at once, with their places, and exits with 5', async () => {
    const { code, answer, lines, stderr } = await told([])

    expect({ code, stderr, ok: answer.ok }).toEqual({ code: 5, stderr: '', ok: false })
    expect(lines).toEqual(
      expect.arrayContaining([
        'USER_DATA_INVALID pre-stage/20-bad/cloud-init/cloud-config/20-a.yaml:5',
        'IMA_POLICY_INVALID pre-stage/20-bad/files/etc/ima/ima-policy:1',
        'PAYLOAD_CONFLICT pre-stage/30-clash/files/etc/ima:null',
      ]),
    )
    for (const each of answer.findings) expect(each.hint).not.toBe('')
  })

  it('warns of what a run would take although it is a mistake', async () => {
    const { lines } = await told([])

    expect(lines).toEqual(
      expect.arrayContaining([
        'NO_README pre-stage/40-doubtful:null',
        'REBUILDS_BOOT_FILES pre-stage/40-doubtful/guest_run.sh:3',
        'ENDS_THE_GUEST pre-stage/40-doubtful/guest_run.sh:4',
        'NO_SUMMARY pre-stage/50-idle/README.md:null',
        'DOES_NOTHING pre-stage/50-idle:null',
      ]),
    )
  })

  it('says of a plugin with NOT_RUN that it is skipped, and nothing else', async () => {
    const { answer } = await told([])

    expect(answer.findings.filter(({ plugin }) => plugin === '60-left-out')).toEqual([
      expect.objectContaining({ severity: 'note', code: 'NOT_RUN' }),
    ])
    expect(answer.skipped).toBe(1)
  })

  it.skipIf(!hasShellcheck)("has shellcheck's words on shell scripts, and not on those of other programs", async () => {
    const { answer } = await told([])
    const found = answer.findings.filter(({ code }) => code.startsWith('SC'))

    expect(found.map(({ file }) => file)).toContain('pre-stage/70-scripts/host_run.sh')
    expect(found).toContainEqual(
      expect.objectContaining({ code: 'SC2164', severity: 'warning', plugin: '70-scripts', line: 2 }),
    )
    expect(found).toContainEqual(
      expect.objectContaining({ code: 'SC1073', severity: 'problem', file: expect.stringContaining('70-a.sh') }),
    )
    expect(found.filter(({ file }) => file?.endsWith('70-scripts/guest_run.sh'))).toEqual([])
  })

  it('says once that shellcheck is not installed, and goes on', async () => {
    const { answer, code } = await told([], { PATH: '/nonexistent' })

    expect(answer.findings.filter((each) => each.code === 'SHELLCHECK_MISSING')).toEqual([
      expect.objectContaining({ severity: 'note', file: null, hint: expect.stringContaining('apt-get install') }),
    ])
    expect(code).toBe(5)
  })

  it('exits with 0 when there are only warnings and notes', async () => {
    await using trees = await plantPlugins({ ...GOOD, 'pre-stage/20-idle/README.md': README })
    const { code, stdout } = await runCli('/', ['plugin', 'lint', trees.root])

    expect(stdout).toMatch(/20-idle: warning\[DOES_NOTHING\] does nothing\n {2}hint: /)
    expect(stdout).toMatch(/2 plugins checked: 0 problems, 1 warning, \d+ notes\n$/)
    expect(code).toBe(0)
  })

  it('checks a plugin too that a run would leave out for want of an option', async () => {
    const yaml = 'options:\n  CVM_X:\n    type: string\nrequires:\n  options: [CVM_X]\n'
    const script = '#!/bin/sh\nupdate-grub\n'
    const idle = { 'pre-stage/20-idle/plugin.yaml': yaml, 'pre-stage/20-idle/guest_run.sh': script }
    await using trees = await plantPlugins({ ...GOOD, ...idle, 'pre-stage/20-idle/README.md': README })
    const { stdout } = await runCli('/', ['plugin', 'lint', trees.root])

    expect(stdout).toContain('20-idle/guest_run.sh:2:1: warning[REBUILDS_BOOT_FILES]')
    expect(stdout).not.toContain('NOT_RUN')
  })

  it('has nothing to say about the shipped plugins, but that the sample has a NOT_RUN', async () => {
    const { code, stdout } = await runCli('/', ['plugin', 'lint'])

    expect(stdout.match(/^(?:\S+: )?\w+\[.*/gm)).toEqual([expect.stringMatching(/^\S+\/97-sample: note\[NOT_RUN\] /)])
    expect(stdout).toMatch(/^\d+ plugins checked, 1 skipped: 0 problems, 0 warnings, 1 note$/m)
    expect(code).toBe(0)
  })

  it('writes workflow commands for GitHub, with paths as they are in the repository', async () => {
    const env = { GITHUB_WORKSPACE: broken.root }
    const { stdout } = await runCli('/', ['plugin', 'lint', broken.root, '--format', 'github'], env)

    expect(stdout).toMatch(/^::error file=pre-stage\/20-bad\/files\/etc\/ima\/ima-policy,line=1,title=IMA_POLICY_/m)
    expect(stdout).toMatch(/^::warning file=pre-stage\/40-doubtful\/guest_run\.sh,line=3,col=1,title=REBUILDS_/m)
    expect(stdout).toMatch(/^::notice file=pre-stage\/60-left-out,title=NOT_RUN::/m)
  })

  it('refuses a directory without plugins, as a usage error', async () => {
    const { code, stderr } = await runCli('/', ['plugin', 'lint', '/proc/self/fd'])

    expect(code).toBe(2)
    expect(stderr).toMatch(/^error\[USAGE\] .*\n {2}why: .*\n {2}next: /)
  })
})

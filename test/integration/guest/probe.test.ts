import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judgeExpectations } from '../../../src/guest/judge-expectations.js'
import { questionsOf, questionsText } from '../../../src/guest/probe-questions.js'
import { ProbeReader } from '../../../src/guest/probe-reader.js'
import { runToolOrFail } from '../../../src/host/run-tool.js'
import { makeScratch, type Scratch } from '../../../src/host/scratch.js'
import type { Expectation, FileWish, ProbeQuestion } from '../../../src/model/expectation.js'
import { NONCE } from '../../fixtures/builders.js'

const PROBE = new URL('../../../src/guest/probe/probe.sh', import.meta.url).pathname
const server = createServer()
let scratch: Scratch

beforeAll(async () => {
  scratch = await makeScratch('/tmp', 'probe', 0o700)
  await copyFile(PROBE, join(scratch.path, 'probe.sh'))
  await program('systemctl', [
    'case $1 in',
    'is-system-running) echo running ;;',
    'list-units) printf "bad.service loaded failed failed A bad one\\n" ;;',
    'show) case "$*" in',
    '  *good.service) printf "ActiveState=active\\nLoadState=loaded\\nUnitFileState=enabled\\nResult=success\\n" ;;',
    '  *) printf "ActiveState=inactive\\nLoadState=not-found\\nUnitFileState=\\nResult=success\\n" ;; esac ;;',
    'esac',
  ])
  await program('dpkg-query', ['case "$*" in *jq) echo "installed 1.6-2" ;; *) echo "no packages" >&2; exit 1 ;; esac'])
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  server.close()
  await scratch.remove()
})

async function program(name: string, lines: readonly string[]): Promise<void> {
  await mkdir(join(scratch.path, 'bin'), { recursive: true })
  const path = join(scratch.path, 'bin', name)
  await writeFile(path, ['#!/bin/sh', ...lines, ''].join('\n'))
  await chmod(path, 0o755)
}

/** Runs the real probe here, with its lines going to a file. */
async function ask(questions: readonly ProbeQuestion[], env: Readonly<Record<string, string>> = {}) {
  await writeFile(join(scratch.path, 'questions'), questionsText({ nonce: NONCE, questions, settleS: 2 }))
  const lines = join(scratch.path, 'lines')
  await writeFile(lines, '')
  await runToolOrFail(
    {
      tool: 'sh',
      args: [join(scratch.path, 'probe.sh'), 'to', lines],
      env: { ...pathWithOurs(), TMPDIR: scratch.path, ...env },
    },
    { timeoutMs: 50_000 },
  )
  const reader = new ProbeReader(NONCE, questions)
  reader.feed(await readFile(lines))
  return reader
}

function pathWithOurs() {
  return { PATH: `${join(scratch.path, 'bin')}:${process.env['PATH']}` }
}

describe('probe.sh', () => {
  it('sees what passes and what fails, of every kind that this machine has', async () => {
    const at = (name: string) => join(scratch.path, name)
    await writeFile(at('a \'file" $(x)'), 'hello\nworld\n')
    await chmod(at('a \'file" $(x)'), 0o4750)
    await symlink('nowhere', at('dead'))
    const { port } = server.address() as AddressInfo
    const file = (is: FileWish, name = 'a \'file" $(x)'): Expectation => ({ kind: 'file', path: at(name), is })
    const command = (line: string, exits: number | 'nonzero' = 0, limitS = 10): Expectation => ({
      kind: 'command',
      line,
      exits,
      limitS,
    })
    const cases: readonly (readonly [Expectation, boolean, string])[] = [
      [file({ how: 'there' }), true, 'a regular file'],
      [file({ how: 'text', text: 'hello\nworld' }), true, '"hello world"'],
      [file({ how: 'mode', mode: '4750' }), true, 'mode 04750'],
      [file({ how: 'owner', owner: 'root' }), process.getuid?.() === 0, 'owner '],
      [
        file({ how: 'sha256', digest: '4a1e67f2fe1d1cc7b31d0ca2ec441da4778203a036a77da10344c85e24ff0f92' }),
        true,
        '4a1e',
      ],
      [file({ how: 'there' }, 'dead'), false, 'a link to nowhere, which is not there'],
      [file({ how: 'absent' }, 'dead'), false, 'a link to nowhere'],
      [file({ how: 'absent' }, 'gone'), true, 'absent'],
      [file({ how: 'there' }, 'bin'), true, 'a directory'],
      [{ kind: 'package', name: 'jq', there: true, version: '1.6-2' }, true, '1.6-2'],
      [{ kind: 'package', name: 'nothing', there: true }, false, 'absent'],
      [{ kind: 'unit', unit: 'good.service', state: 'active' }, true, 'active, enabled'],
      [{ kind: 'unit', unit: 'gone.service', state: 'active' }, false, 'absent'],
      [{ kind: 'no-failed-units' }, false, 'bad.service'],
      [{ kind: 'user', name: 'root', there: true, groups: ['root'] }, true, 'in root'],
      [{ kind: 'user', name: 'mallory', there: true, groups: [] }, false, 'absent'],
      [{ kind: 'port', port, open: true }, true, 'open'],
      [{ kind: 'port', port, open: false }, false, 'open'],
      [command('echo one; echo two >&2; exit 3', 3), true, 'exit code 3'],
      [command('echo "a\tb"; false'), false, 'exit code 1: a b'],
      [command('sleep 20', 0, 1), false, 'not over within 1 s'],
      [command('test "$(pwd)" = /'), true, 'exit code 0'],
    ]
    const expectations = cases.map(([expectation]) => expectation)
    const questions = questionsOf(expectations)

    const { facts, begun, malformed } = await ask(questions)

    expect({ begun, malformed, settled: facts?.settled }).toEqual({ begun: true, malformed: 0, settled: true })
    const findings = facts === undefined ? [] : judgeExpectations(expectations, questions, facts)
    expect(findings.map(({ ok, seen }, index) => [ok, seen.includes(cases[index]?.[2] ?? '') || seen])).toEqual(
      cases.map(([, ok]) => [ok, true]),
    )
  })

  it('says when units have not all started within the time', async () => {
    await program('systemctl', ['echo starting'])

    expect((await ask([])).facts).toEqual({ answers: new Map(), settled: false })
  })

  it('looks at the beginning of a large file only, and at all of it for its digest', async () => {
    const path = join(scratch.path, 'large')
    await writeFile(path, Buffer.alloc(100_000, 'x'))
    const { facts } = await ask([{ ask: 'file', path }])

    const answer = facts?.answers.get(0)
    expect(answer?.get('content')?.length).toBe(65_536)
    expect(answer?.get('size')?.toString()).toBe('100000')
  })

  it('tells an empty event log where there is none', async () => {
    const reader = await ask([{ ask: 'event-log' }])

    expect(reader.eventLog).toEqual(Buffer.alloc(0))
    expect(reader.malformed).toBe(0)
  })
})

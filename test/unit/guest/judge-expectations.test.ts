import { describe, expect, it } from 'vitest'
import { judgeExpectations } from '../../../src/guest/judge-expectations.js'
import { questionsOf } from '../../../src/guest/probe-questions.js'
import type { Expectation, FileWish, ProbeAnswer } from '../../../src/model/expectation.js'

type Fields = Readonly<Record<string, string>>

function answerOf(fields: Fields): ProbeAnswer {
  return new Map(Object.entries(fields).map(([name, text]) => [name, Buffer.from(text)]))
}

function judge(expectation: Expectation, fields: Fields | undefined) {
  const answers = new Map([[0, fields === undefined ? undefined : answerOf(fields)]])
  return judgeExpectations([expectation], questionsOf([expectation]), { answers, settled: true })[0]
}

const file = (is: FileWish): Expectation => ({ kind: 'file', path: '/x', is })
const FILE = {
  state: 'there',
  link: '',
  kind: 'regular file',
  mode: '644',
  owner: 'root',
  group: 'tss',
  size: '12',
  content: 'hello\nworld\n',
  sha256: 'a'.repeat(64),
}
const unit = (state: 'active' | 'inactive' | 'failed' | 'enabled' | 'disabled' | 'masked' | 'absent'): Expectation => ({
  kind: 'unit',
  unit: 'a.service',
  state,
})
const properties = (active: string, unitFile: string, load = 'loaded') => ({
  properties: `ActiveState=${active}\nLoadState=${load}\nUnitFileState=${unitFile}\nResult=exit-code\n`,
})
const PCR: Expectation = { kind: 'pcr', bank: 'sha256', index: 7, value: 'ab'.repeat(32) }
const command = (exits: number | 'nonzero'): Expectation => ({ kind: 'command', line: 'x', exits, limitS: 30 })
const ID = '0123456789abcdef0123456789abcdef'

describe('judgeExpectations', () => {
  it.each<[Expectation, Fields]>([
    [{ kind: 'cmdline', word: 'a=1', there: true }, { cmdline: 'quiet a=1 a="b c"\n' }],
    [{ kind: 'cmdline', word: 'a="b c"', there: true }, { cmdline: 'quiet a=1 a="b c"\n' }],
    [{ kind: 'cmdline', word: 'a', there: false }, { cmdline: 'quiet a=1\n' }],
    [{ kind: 'secure-boot', on: true }, { state: '1' }],
    [{ kind: 'secure-boot', on: false }, { state: '0' }],
    [{ kind: 'secure-boot', on: false }, { state: 'no-uefi' }],
    [{ kind: 'tpm', there: true }, { state: 'there' }],
    [{ kind: 'tpm', there: false }, { state: 'absent' }],
    [PCR, { state: 'there', value: `${'AB'.repeat(32)}\n` }],
    [
      { kind: 'pcr', bank: 'sha384', index: 0 },
      { state: 'there', value: '00'.repeat(48) },
    ],
    [file({ how: 'there' }), FILE],
    [file({ how: 'absent' }), { state: 'absent' }],
    [file({ how: 'text', text: 'hello\nworld' }), FILE],
    [file({ how: 'contains', text: 'o\nw' }), FILE],
    [file({ how: 'matches', pattern: '^w.*d$' }), FILE],
    [file({ how: 'sha256', digest: 'a'.repeat(64) }), FILE],
    [file({ how: 'mode', mode: '644' }), FILE],
    [file({ how: 'owner', owner: 'root' }), FILE],
    [file({ how: 'group', group: 'tss' }), FILE],
    [
      { kind: 'package', name: 'bash', there: true },
      { manager: 'dpkg', versions: '5.2-1' },
    ],
    [
      { kind: 'package', name: 'bash', there: true, version: '5.2-1' },
      { manager: 'rpm', versions: '5.1-1\n5.2-1' },
    ],
    [
      { kind: 'package', name: 'bash', there: false },
      { manager: 'dpkg', versions: '' },
    ],
    [unit('active'), properties('active', 'enabled')],
    [unit('inactive'), properties('inactive', '', 'not-found')],
    [unit('failed'), properties('failed', 'enabled')],
    [unit('enabled'), properties('inactive', 'enabled-runtime')],
    [unit('disabled'), properties('active', 'disabled')],
    [unit('masked'), properties('inactive', 'masked', 'masked')],
    [unit('absent'), properties('inactive', '', 'not-found')],
    [{ kind: 'no-failed-units' }, { state: 'known', units: '\n' }],
    [
      { kind: 'user', name: 'u', there: true, groups: [] },
      { state: 'there', groups: 'u' },
    ],
    [
      { kind: 'user', name: 'u', there: true, groups: ['tss'] },
      { state: 'there', groups: 'u tss' },
    ],
    [{ kind: 'user', name: 'u', there: false, groups: [] }, { state: 'absent' }],
    [{ kind: 'port', port: 22, open: true }, { state: 'open' }],
    [{ kind: 'port', port: 22, open: false }, { state: 'closed' }],
    [command(0), { rc: '0', output: '' }],
    [command('nonzero'), { rc: '127', output: '' }],
    [command(124), { rc: '124', output: '' }],
    [{ kind: 'machine-id', differsFrom: ID }, { id: `${'f'.repeat(32)}\n` }],
  ])('passes %j when the guest has %j', (expectation, fields) => {
    expect(judge(expectation, fields)).toMatchObject({ ok: true })
  })

  it.each<[Expectation, Fields, string, string]>([
    [{ kind: 'cmdline', word: 'a=1', there: true }, { cmdline: 'quiet a=2\n' }, 'has a=1', 'a=2'],
    [{ kind: 'cmdline', word: 'x', there: true }, { cmdline: 'quiet a=2\n' }, 'has x', 'no x in: quiet a=2'],
    [{ kind: 'cmdline', word: 'quiet', there: false }, { cmdline: 'quiet' }, 'lacks quiet', 'quiet'],
    [{ kind: 'secure-boot', on: true }, { state: '0' }, 'on', 'off'],
    [{ kind: 'secure-boot', on: false }, { state: 'no-efivars' }, 'off', 'unknown: the guest shows no EFI variables'],
    [{ kind: 'tpm', there: true }, { state: 'absent' }, 'present', 'absent'],
    [PCR, { state: 'no-tpm' }, 'ab'.repeat(32), 'the guest has no TPM'],
    [PCR, { state: 'there', value: '00'.repeat(32) }, 'ab'.repeat(32), '00'.repeat(32)],
    [PCR, { state: 'no-register', banks: 'pcr-sha1 ' }, 'ab'.repeat(32), 'no such bank, only sha1'],
    [file({ how: 'there' }), { state: 'there', link: '/y' }, 'present', 'a link to /y, which is not there'],
    [file({ how: 'absent' }), FILE, 'absent', 'a regular file'],
    [file({ how: 'text', text: 'hello' }), FILE, 'the text "hello"', '"hello world"'],
    [
      file({ how: 'text', text: 'hello\nworld' }),
      { ...FILE, size: '99' },
      'the text "hello world"',
      'only the first 12 of its 99 bytes',
    ],
    [file({ how: 'contains', text: 'bye' }), { state: 'absent' }, 'contains "bye"', 'absent'],
    [file({ how: 'contains', text: 'bye' }), { state: 'there', kind: 'directory' }, 'contains "bye"', 'a directory'],
    [file({ how: 'matches', pattern: '^bye' }), FILE, 'matches ^bye', '"hello world"'],
    [file({ how: 'sha256', digest: 'b'.repeat(64) }), FILE, 'b'.repeat(64), 'a'.repeat(64)],
    [file({ how: 'mode', mode: '4755' }), FILE, 'mode 04755', 'mode 0644'],
    [file({ how: 'owner', owner: 'tss' }), FILE, 'owner tss', 'owner root'],
    [file({ how: 'group', group: 'root' }), FILE, 'group root', 'group tss'],
    [{ kind: 'package', name: 'b', there: true }, { manager: 'dpkg', versions: '' }, 'installed', 'absent'],
    [{ kind: 'package', name: 'b', there: true }, { manager: '' }, 'installed', 'neither dpkg nor rpm'],
    [{ kind: 'package', name: 'b', there: false }, { manager: 'rpm', versions: '1' }, 'absent', '1'],
    [{ kind: 'package', name: 'b', there: true, version: '2' }, { manager: 'rpm', versions: '1' }, '2', '1'],
    [unit('active'), properties('failed', 'enabled'), 'active', 'failed (exit-code), enabled'],
    [unit('active'), properties('inactive', '', 'not-found'), 'active', 'absent'],
    [unit('active'), { properties: '' }, 'active', 'systemctl in the guest said nothing'],
    [unit('masked'), properties('active', 'enabled'), 'masked', 'active, enabled'],
    [{ kind: 'no-failed-units' }, { state: 'known', units: 'a.service\nb.service\n' }, 'none', 'a.service, b.service'],
    [{ kind: 'user', name: 'u', there: true, groups: [] }, { state: 'absent' }, 'present', 'absent'],
    [
      { kind: 'user', name: 'u', there: true, groups: ['tss'] },
      { state: 'there', groups: 'u v' },
      'in tss',
      'in u and v',
    ],
    [{ kind: 'port', port: 22, open: true }, { state: 'closed' }, 'open', 'closed'],
    [command(0), { rc: '2', output: 'first\nlast\n' }, 'exit code 0', 'exit code 2: last'],
    [command('nonzero'), { rc: '0', output: '' }, 'exit code other than 0', 'exit code 0'],
    [command('nonzero'), { rc: '124', output: '' }, 'exit code other than 0', 'not over within 30 s (exit code 124)'],
    [{ kind: 'machine-id', differsFrom: ID }, { id: `${ID}\n` }, `other than ${ID}`, ID],
    [{ kind: 'machine-id', differsFrom: ID }, { id: 'uninitialized\n' }, `other than ${ID}`, 'uninitialized'],
  ])('fails %j when the guest has %j, and says both', (expectation, fields, expected, seen) => {
    const finding = judge(expectation, fields)

    expect(finding).toMatchObject({ ok: false, expected })
    expect(finding?.seen).toContain(seen)
  })

  it.each<[Expectation]>([
    [{ kind: 'cmdline', word: 'quiet', there: false }],
    [file({ how: 'absent' })],
    [{ kind: 'package', name: 'b', there: false }],
    [{ kind: 'port', port: 1, open: false }],
    [unit('inactive')],
    [command('nonzero')],
  ])('takes no answer, a late one and an empty one for none: %j', (expectation) => {
    const facts = { answers: new Map(), settled: true }

    expect(judgeExpectations([expectation], questionsOf([expectation]), facts)[0]).toMatchObject({
      ok: false,
      seen: 'no answer',
    })
    expect(judge(expectation, undefined)).toMatchObject({ ok: false, seen: 'it took too long to see' })
    expect(judge(expectation, {})).toMatchObject({ ok: false, seen: 'an answer that says nothing' })
  })

  it('gives up on an expression that a text of the guest makes endless', () => {
    const content = `${'a'.repeat(40)}!`
    const finding = judge(file({ how: 'matches', pattern: '^(a+)+$' }), { ...FILE, content, size: '41' })

    expect(finding).toMatchObject({ ok: false, seen: 'the expression takes longer than a second on this file' })
  })

  it('shows what the guest says without its control characters, and not at any length', () => {
    const finding = judge(command(0), { rc: '1', output: `\x1b[31mred\x07${'x'.repeat(5000)}\n` })

    expect(finding?.seen).toMatch(/^exit code 1: redxxx[^\p{Cc}]*characters\)$/u)
    expect(finding?.seen.length).toBeLessThan(500)
  })
})

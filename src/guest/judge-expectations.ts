import type { Expectation, ExpectationFinding, ProbeAnswer, ProbeFacts, ProbeQuestion } from '../model/expectation.js'
import { judgeFile } from './judge-file.js'
import { placeOf } from './probe-questions.js'
import { listed, quoted, textOf } from './probe-words.js'

/** Compares what is expected with what the probe has seen; a finding for each expectation, in their order. */
export function judgeExpectations(
  expectations: readonly Expectation[],
  questions: readonly ProbeQuestion[],
  facts: ProbeFacts,
): readonly ExpectationFinding[] {
  return expectations.map((expectation) => {
    const place = placeOf(expectation, questions)
    const { ok, expected, seen } = facts.answers.has(place)
      ? judgeAnswer(expectation, facts.answers.get(place))
      : unseen(expectation, 'no answer')
    return { what: quoted(whatIs(expectation)), ok, expected: quoted(expected), seen: quoted(seen) }
  })
}

function judgeAnswer(expectation: Expectation, answer: ProbeAnswer): Judgement {
  if (answer === undefined) return unseen(expectation, 'it took too long to see')
  // What is empty is not the same as what is not there.
  if (!answer.has(MAIN_FIELD[expectation.kind])) return unseen(expectation, 'an answer that says nothing')
  return judgeOne(expectation, answer)
}

type Judgement = Omit<ExpectationFinding, 'what'>
type Answer = NonNullable<ProbeAnswer>

/** What an expectation is about, in a few words. */
export function whatIs(expectation: Expectation): string {
  switch (expectation.kind) {
    case 'cmdline':
      return 'kernel command line'
    case 'secure-boot':
      return 'Secure Boot'
    case 'tpm':
      return 'TPM'
    case 'pcr':
      return `PCR ${expectation.bank}:${expectation.index}`
    case 'file':
      return `file ${quoted(expectation.path)}`
    case 'package':
      return `package ${expectation.name}`
    case 'unit':
      return `unit ${expectation.unit}`
    case 'no-failed-units':
      return 'failed units'
    case 'user':
      return `user ${expectation.name}`
    case 'port':
      return `port ${expectation.port}`
    case 'command':
      return `command ${quoted(expectation.line)}`
    case 'machine-id':
      return 'machine-id'
  }
}

function unseen(expectation: Expectation, seen: string): Judgement {
  const { expected } = judgeOne(expectation, new Map())
  return { ok: false, expected, seen }
}

function judgeOne(expectation: Expectation, answer: Answer): Judgement {
  const state = textOf(answer, 'state')
  switch (expectation.kind) {
    case 'cmdline':
      return judgeCmdline(expectation, textOf(answer, 'cmdline'))
    case 'secure-boot':
      return judgeSecureBoot(expectation, state)
    case 'tpm':
      return is(expectation.there ? 'present' : 'absent', state === 'there' ? 'present' : 'absent')
    case 'pcr':
      return judgePcr(expectation, answer)
    case 'file':
      return judgeFile(expectation.is, answer)
    case 'package':
      return judgePackage(expectation, answer)
    case 'unit':
      return judgeUnit(expectation, textOf(answer, 'properties'))
    case 'no-failed-units':
      return judgeFailedUnits(state, textOf(answer, 'units'))
    case 'user':
      return judgeUser(expectation, answer)
    case 'port':
      return is(expectation.open ? 'open' : 'closed', state === 'open' ? 'open' : 'closed')
    case 'command':
      return judgeCommand(expectation, answer)
    case 'machine-id':
      return judgeMachineId(expectation, textOf(answer, 'id'))
  }
}

function is(expected: string, seen: string): Judgement {
  return { ok: expected === seen, expected, seen }
}

function judgeSecureBoot({ on }: Of<'secure-boot'>, state: string): Judgement {
  const expected = on ? 'on' : 'off'
  const seen = SECURE_BOOT[state] ?? UNKNOWN
  return { ok: seen.split(':', 1)[0] === expected, expected, seen }
}

function judgeCmdline({ word, there }: Of<'cmdline'>, cmdline: string): Judgement {
  const words = wordsIn(cmdline)
  const expected = there ? `has ${word}` : `lacks ${word}`
  const name = word.split('=', 1)[0] ?? word
  const related = words.filter((each) => each === word || each.split('=', 1)[0] === name)
  const seen = related.length > 0 ? related.join(' ') : `no ${name} in: ${words.join(' ')}`
  return { ok: words.includes(word) === there, expected, seen }
}

/** Blanks within double quotes are part of a word: Linux, lib/cmdline.c, next_arg(). */
function wordsIn(cmdline: string): readonly string[] {
  return cmdline.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []
}

function judgePcr({ value, bank }: Of<'pcr'>, answer: Answer): Judgement {
  const expected = value ?? 'any value'
  const state = textOf(answer, 'state')
  if (state === 'no-tpm') return { ok: false, expected, seen: 'the guest has no TPM' }
  if (state !== 'there') {
    const banks: readonly string[] = textOf(answer, 'banks').match(/pcr-\w+/g) ?? []
    if (banks.length === 0)
      return { ok: false, expected, seen: 'the kernel shows no PCRs (they are in sysfs since 5.12)' }
    if (banks.includes(`pcr-${bank}`)) return { ok: false, expected, seen: 'there is no such register' }
    return { ok: false, expected, seen: `no such bank, only ${banks.map((name) => name.slice(4)).join(', ')}` }
  }
  const seen = textOf(answer, 'value').trim().toLowerCase()
  const ok = /^[0-9a-f]+$/.test(seen) && (value === undefined || seen === value)
  return { ok, expected, seen: seen === '' ? UNKNOWN : seen }
}

function judgePackage({ there, version }: Of<'package'>, answer: Answer): Judgement {
  const expected = there ? (version ?? 'installed') : 'absent'
  if (textOf(answer, 'manager') === '') return { ok: false, expected, seen: 'the guest has neither dpkg nor rpm' }
  const versions = textOf(answer, 'versions').split('\n').filter(Boolean)
  const ok = there
    ? versions.length > 0 && (version === undefined || versions.includes(version))
    : versions.length === 0
  return { ok, expected, seen: versions.length === 0 ? 'absent' : versions.join(', ') }
}

function judgeUnit({ state }: Of<'unit'>, text: string): Judgement {
  const properties = new Map(text.split('\n').map((line) => [line.split('=', 1)[0], line.slice(line.indexOf('=') + 1)]))
  const property = (name: string) => properties.get(name) ?? ''
  if (property('LoadState') === '') return { ok: false, expected: state, seen: 'systemctl in the guest said nothing' }
  // To systemd a unit that is not there is inactive.
  if (property('LoadState') === 'not-found')
    return { ok: state === 'absent' || state === 'inactive', expected: state, seen: 'absent' }
  const result = property('Result')
  const active = property('ActiveState') === 'failed' ? `failed (${result})` : property('ActiveState')
  const file = property('UnitFileState')
  const seen = [active, file].filter(Boolean).join(', ')
  const ok =
    state === 'enabled' || state === 'disabled' || state === 'masked'
      ? file === state || (state !== 'disabled' && file === `${state}-runtime`)
      : property('ActiveState') === state
  return { ok, expected: state, seen }
}

function judgeFailedUnits(state: string, text: string): Judgement {
  if (state !== 'known') return { ok: false, expected: 'none', seen: 'systemctl in the guest said nothing' }
  const units = text.split('\n').filter(Boolean)
  return { ok: units.length === 0, expected: 'none', seen: units.length === 0 ? 'none' : units.join(', ') }
}

function judgeUser({ there, groups }: Of<'user'>, answer: Answer): Judgement {
  const expected = there ? (groups.length === 0 ? 'present' : `in ${listed(groups)}`) : 'absent'
  if (textOf(answer, 'state') !== 'there') return { ok: !there, expected, seen: 'absent' }
  const has = textOf(answer, 'groups').split(/\s+/).filter(Boolean)
  const ok = there && groups.every((group) => has.includes(group))
  return { ok, expected, seen: groups.length === 0 ? 'present' : `in ${listed(has)}` }
}

function judgeCommand({ exits, limitS }: Of<'command'>, answer: Answer): Judgement {
  const expected = exits === 'nonzero' ? 'exit code other than 0' : `exit code ${exits}`
  const text = textOf(answer, 'rc')
  // What timeout(1) says of a command that it had to end.
  if ((text === '124' || text === '137') && exits !== Number(text))
    return { ok: false, expected, seen: `not over within ${limitS} s (exit code ${text})${printed(answer)}` }
  const ok = /^\d{1,3}$/.test(text) && (exits === 'nonzero' ? text !== '0' : Number(text) === exits)
  return { ok, expected, seen: text === '' ? UNKNOWN : `exit code ${text}${ok ? '' : printed(answer)}` }
}

/** The last line of a command's output. */
function printed(answer: Answer): string {
  const last = textOf(answer, 'output').trimEnd().split('\n').at(-1) ?? ''
  return last === '' ? '' : `: ${last}`
}

function judgeMachineId({ differsFrom }: Of<'machine-id'>, text: string): Judgement {
  const seen = text.trim()
  const expected = `other than ${differsFrom}`
  if (!/^[0-9a-f]{32}$/.test(seen)) return { ok: false, expected, seen: seen === '' ? 'none' : seen }
  return { ok: seen !== differsFrom, expected, seen }
}

type Of<Kind extends Expectation['kind']> = Extract<Expectation, { kind: Kind }>

/** Without it an answer of probe.sh is none. */
const MAIN_FIELD: Readonly<Record<Expectation['kind'], string>> = {
  cmdline: 'cmdline',
  'secure-boot': 'state',
  tpm: 'state',
  pcr: 'state',
  file: 'state',
  package: 'manager',
  unit: 'properties',
  'no-failed-units': 'state',
  user: 'state',
  port: 'state',
  command: 'rc',
  'machine-id': 'id',
}

const UNKNOWN = 'unknown'

/** `state` of answer_secure_boot in probe.sh. */
const SECURE_BOOT: Readonly<Record<string, string>> = {
  '1': 'on',
  '0': 'off',
  'no-uefi': 'off: the guest was not started by UEFI',
  'no-variable': 'off: the firmware has no variable SecureBoot',
  'no-efivars': 'unknown: the guest shows no EFI variables',
}

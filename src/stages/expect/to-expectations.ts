import { type Expectation, type FileWish, PCR_BANKS } from '../../model/expectation.js'
import type { ExpectText } from './expect-schema.js'

/** What an expectations file says, one by one, in the order of its kinds below: commands last, which may change something. */
export function toExpectations(text: ExpectText): readonly Expectation[] {
  return [
    ...(text['kernel-cmdline']?.has ?? []).map((word) => ({ kind: 'cmdline', word, there: true }) as const),
    ...(text['kernel-cmdline']?.lacks ?? []).map((word) => ({ kind: 'cmdline', word, there: false }) as const),
    ...(text['secure-boot'] === undefined ? [] : [{ kind: 'secure-boot', on: text['secure-boot'] === 'on' } as const]),
    ...tpmExpectations(text.tpm),
    ...Object.entries(text.files ?? {}).flatMap(([path, file]) => fileExpectations(path, file)),
    ...entriesOf(text.packages, 'installed').map(([name, value]) => packageExpectation(name, value)),
    ...entriesOf(text.units, 'active').map(([unit, state]) => ({ kind: 'unit', unit, state }) as const),
    ...(text['failed-units'] === undefined ? [] : [{ kind: 'no-failed-units' } as const]),
    ...entriesOf(text.users, 'present').map(([name, value]) => userExpectation(name, value)),
    ...portExpectations(text.ports),
    ...listOf(text['machine-id']?.['differs-from']).map(
      (differsFrom) => ({ kind: 'machine-id', differsFrom }) as const,
    ),
    ...(text.commands ?? []).map(commandExpectation),
  ]
}

/** `sha256:7` as it is meant. */
export function pcrExpectation(register: string, value: string): Expectation {
  const [bankName, index] = register.split(':')
  const bank = PCR_BANKS.find((each) => each === bankName)
  // The schema lets nothing else through.
  if (bank === undefined) throw new Error(`no bank: ${bankName}`)
  return { kind: 'pcr', bank, index: Number(index), ...(value === 'present' ? {} : { value: value.toLowerCase() }) }
}

export function packageExpectation(name: string, value: string): Expectation {
  if (value === 'absent') return { kind: 'package', name, there: false }
  return { kind: 'package', name, there: true, ...(value === 'installed' ? {} : { version: value }) }
}

/** A mode as stat(1) prints it. */
export function plainMode(mode: string): string {
  return Number.parseInt(mode, 8).toString(8)
}

/** A list of words as a line for sh that runs them as they are. */
export function shellLine(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
}

/** How long a command may take that says nothing about it, in s. */
export const COMMAND_LIMIT_S = 30

function tpmExpectations(tpm: ExpectText['tpm']): readonly Expectation[] {
  if (tpm === undefined) return []
  if (typeof tpm === 'string') return [{ kind: 'tpm', there: tpm === 'present' }]
  return Object.entries(tpm).map(([register, value]) => pcrExpectation(register, value))
}

function fileExpectations(path: string, file: NonNullable<ExpectText['files']>[string]): readonly Expectation[] {
  const wishes: readonly FileWish[] =
    typeof file === 'string'
      ? [{ how: file === 'present' ? 'there' : 'absent' }]
      : [
          ...listOf(file.text).map((text) => ({ how: 'text', text }) as const),
          ...listOf(file.contains).map((text) => ({ how: 'contains', text }) as const),
          ...listOf(file.matches).map((pattern) => ({ how: 'matches', pattern }) as const),
          ...listOf(file.sha256).map((digest) => ({ how: 'sha256', digest: digest.toLowerCase() }) as const),
          ...listOf(file.mode).map((mode) => ({ how: 'mode', mode: plainMode(mode) }) as const),
          ...listOf(file.owner).map((owner) => ({ how: 'owner', owner }) as const),
          ...listOf(file.group).map((group) => ({ how: 'group', group }) as const),
        ]
  return (wishes.length === 0 ? [{ how: 'there' } as const] : wishes).map((is) => ({ kind: 'file', path, is }))
}

function userExpectation(
  name: string,
  value: 'present' | 'absent' | { readonly groups: readonly string[] },
): Expectation {
  if (typeof value === 'object') return { kind: 'user', name, there: true, groups: value.groups }
  return { kind: 'user', name, there: value === 'present', groups: [] }
}

function portExpectations(ports: ExpectText['ports']): readonly Expectation[] {
  if (Array.isArray(ports)) return ports.map((port) => ({ kind: 'port', port, open: true }))
  return Object.entries(ports ?? {}).map(([port, state]) => ({
    kind: 'port',
    port: Number(port),
    open: state === 'open',
  }))
}

function commandExpectation(command: NonNullable<ExpectText['commands']>[number]): Expectation {
  const {
    run,
    exits = 0,
    seconds = COMMAND_LIMIT_S,
  } = typeof command === 'string' || Array.isArray(command) ? { run: command } : command
  return { kind: 'command', line: typeof run === 'string' ? run : shellLine(run), exits, limitS: seconds }
}

/** A list says of each of its names the same. */
function entriesOf<Value>(
  value: readonly string[] | Readonly<Record<string, Value>> | undefined,
  ofAll: NoInfer<Value>,
): readonly (readonly [string, Value])[] {
  if (value === undefined) return []
  return isList(value) ? value.map((name) => [name, ofAll] as const) : Object.entries(value)
}

function isList<Value>(value: readonly string[] | Readonly<Record<string, Value>>): value is readonly string[] {
  return Array.isArray(value)
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : value
}

import type { z } from 'zod'
import type { Expectation, FileWish } from '../../model/expectation.js'
import { UNIT_STATES } from '../../model/expectation.js'
import { nearestWord } from '../../plugins/nearest-word.js'
import { wrongPattern } from './read-expect-file.js'
import { COMMAND_LIMIT_S, packageExpectation, pcrExpectation, plainMode } from './to-expectations.js'

/**
 * An expectation as it is typed behind --expect: `kind=value`, `kind!=value` for its contrary, `kind:name=value` for a thing that
 * has a name, `file:path~text` for a text in a file.
 */
export interface ShortForm {
  readonly kind: string
  /** Behind the colon. */
  readonly name?: string
  readonly sign: '=' | '!=' | '~'
  readonly value: string
}

/** A word as a short form; undefined: it has not the form of one, and is the path of a file. */
export function splitShortForm(word: string): ShortForm | undefined {
  if (/^\.{0,2}\//.test(word)) return undefined
  const [, kind, colon, rest = ''] = /^([A-Za-z][A-Za-z0-9-]*)(:?)([\s\S]*)$/.exec(word) ?? []
  if (kind === undefined) return undefined
  if (colon === '') {
    const [, sign, value = ''] = /^(!=|=|~)([\s\S]*)$/.exec(rest) ?? []
    return isSign(sign) ? { kind, sign, value } : undefined
  }
  // The first sign counts: a path with "=" in it needs a file of expectations.
  const [, name, sign, value = ''] = /^([^=~]*?)(!=|=|~)([\s\S]*)$/.exec(rest) ?? []
  return name !== undefined && isSign(sign) ? { kind, name, sign, value } : undefined
}

/** What a short form says, or what is wrong with it. */
export async function readShortForm(form: ShortForm): Promise<Expectation | { readonly wrong: string }> {
  const read = READERS[form.kind]
  if (read === undefined || !Object.hasOwn(READERS, form.kind)) {
    const nearest = nearestWord(form.kind, Object.keys(READERS))
    const hint = nearest === undefined ? `there are: ${Object.keys(READERS).join(', ')}` : `did you mean ${nearest}?`
    return { wrong: `nothing is called ${JSON.stringify(form.kind.slice(0, 60))} here; ${hint}` }
  }
  return read(form, await import('./expect-schema.js'))
}

type Schema = typeof import('./expect-schema.js')
type Reading = Expectation | { readonly wrong: string }

/** Each kind of short form, in the order in which they are listed to people. */
const READERS: Readonly<Record<string, (form: ShortForm, schema: Schema) => Reading>> = {
  cmdline: (form, { kernelWord }) =>
    plain(form, 'cmdline=WORD or cmdline!=WORD', kernelWord, (word, there) => ({ kind: 'cmdline', word, there })),
  'secure-boot': (form) => oneOf(form, ['on', 'off'], (value) => ({ kind: 'secure-boot', on: value === 'on' })),
  tpm: (form) => oneOf(form, ['present', 'absent'], (value) => ({ kind: 'tpm', there: value === 'present' })),
  pcr: (form, { register, registerValue }) =>
    named(form, 'pcr:sha256:7=HEX or pcr:sha256:7=present', register, (name, value) =>
      checked(registerValue, value, (text) => pcrExpectation(name, text)),
    ),
  file: readFileForm,
  text: (form, schema) => fileForm(form, 'text:/PATH=TEXT', schema, (text) => ({ how: 'text', text })),
  matches: (form, schema) =>
    fileForm(form, 'matches:/PATH=REGEX', schema, (pattern) => {
      const wrong = wrongPattern(pattern)
      return wrong === undefined ? { how: 'matches', pattern } : { wrong }
    }),
  sha256: (form, schema) =>
    fileForm(form, 'sha256:/PATH=HEX', schema, (value) =>
      checked(schema.sha256, value, (digest) => ({ how: 'sha256', digest: digest.toLowerCase() }) as const),
    ),
  mode: (form, schema) =>
    fileForm(form, 'mode:/PATH=0644', schema, (value) =>
      checked(schema.mode, value, (mode) => ({ how: 'mode', mode: plainMode(mode) }) as const),
    ),
  owner: (form, schema) =>
    fileForm(form, 'owner:/PATH=USER', schema, (value) =>
      checked(schema.name, value, (owner) => ({ how: 'owner', owner }) as const),
    ),
  group: (form, schema) =>
    fileForm(form, 'group:/PATH=GROUP', schema, (value) =>
      checked(schema.name, value, (group) => ({ how: 'group', group }) as const),
    ),
  package: (form, { packageName, packageVersion }) =>
    form.name === undefined
      ? plain(form, 'package=NAME, package!=NAME or package:NAME=VERSION', packageName, (name, there) =>
          packageExpectation(name, there ? 'installed' : 'absent'),
        )
      : named(form, 'package:NAME=VERSION', packageName, (name, value) =>
          checked(packageVersion, value, (version) => packageExpectation(name, version)),
        ),
  unit: (form, { unit }) =>
    form.name === undefined
      ? plain(form, 'unit=NAME, unit!=NAME or unit:NAME=STATE', unit, (name, there) => ({
          kind: 'unit',
          unit: name,
          state: there ? 'active' : 'inactive',
        }))
      : named(form, 'unit:NAME=STATE', unit, (name, value) => {
          const state = UNIT_STATES.find((each) => each === value)
          return state === undefined
            ? { wrong: `the state of a unit is one of ${UNIT_STATES.join(', ')}` }
            : { kind: 'unit', unit: name, state }
        }),
  'failed-units': (form) => oneOf(form, ['none'], () => ({ kind: 'no-failed-units' })),
  user: (form, { name: userName }) =>
    form.name === undefined
      ? plain(form, 'user=NAME, user!=NAME or user:NAME=GROUP,GROUP', userName, (name, there) => ({
          kind: 'user',
          name,
          there,
          groups: [],
        }))
      : named(form, 'user:NAME=GROUP,GROUP', userName, (name, value) => {
          const groups = value.split(',')
          const wrong = groups.find((group) => !userName.safeParse(group).success)
          return wrong === undefined
            ? { kind: 'user', name, there: true, groups }
            : { wrong: `${JSON.stringify(wrong.slice(0, 60))} is no name of a group` }
        }),
  port: (form, { portText }) =>
    plain(form, 'port=NUMBER or port!=NUMBER', portText, (port, open) => ({ kind: 'port', port: Number(port), open })),
  command: (form, { commandLine }) =>
    plain(form, 'command=LINE or command!=LINE', commandLine, (line, works) => ({
      kind: 'command',
      line,
      exits: works ? 0 : 'nonzero',
      limitS: COMMAND_LIMIT_S,
    })),
  'machine-id': (form, { machineId }) =>
    form.sign === '!='
      ? plain(form, MACHINE_ID_FORM, machineId, (differsFrom) => ({ kind: 'machine-id', differsFrom }))
      : { wrong: `write ${MACHINE_ID_FORM}` },
}

const MACHINE_ID_FORM = 'machine-id!=OTHER'

/** `kind=value`, or with != its contrary. */
function plain(
  { name, sign, value }: ShortForm,
  usage: string,
  schema: z.ZodType<string>,
  make: (value: string, there: boolean) => Expectation,
): Reading {
  if (name !== undefined || sign === '~') return { wrong: `write ${usage}` }
  return checked(schema, value, (text) => make(text, sign === '='))
}

/** `kind:name=value`. */
function named(
  { name, sign, value }: ShortForm,
  usage: string,
  schema: z.ZodType<string>,
  make: (name: string, value: string) => Reading,
): Reading {
  if (name === undefined || sign !== '=') return { wrong: `write ${usage}` }
  return checked(schema, name, (text) => make(text, value))
}

function oneOf(
  { kind, name, sign, value }: ShortForm,
  values: readonly string[],
  make: (value: string) => Expectation,
): Reading {
  if (name === undefined && sign === '=' && values.includes(value)) return make(value)
  return { wrong: `write ${values.map((each) => `${kind}=${each}`).join(' or ')}` }
}

function readFileForm(form: ShortForm, schema: Schema): Reading {
  const usage = 'file:/PATH~TEXT, file:/PATH=present or file:/PATH=absent'
  if (form.sign === '~')
    return fileForm({ ...form, sign: '=' }, usage, schema, (text) =>
      text === '' ? { wrong: `write ${usage}` } : { how: 'contains', text },
    )
  return fileForm(form, usage, schema, (value) => {
    if (value === 'present') return { how: 'there' }
    return value === 'absent' ? { how: 'absent' } : { wrong: `write ${usage}` }
  })
}

function fileForm(
  form: ShortForm,
  usage: string,
  { path }: Schema,
  make: (value: string) => FileWish | { readonly wrong: string },
): Reading {
  return named(form, usage, path, (name, value) => {
    const is = make(value)
    return 'wrong' in is ? is : { kind: 'file', path: name, is }
  })
}

function checked<Made>(
  schema: z.ZodType<string>,
  value: string,
  make: (value: string) => Made,
): Made | { readonly wrong: string } {
  const result = schema.safeParse(value)
  if (result.success) return make(result.data)
  const message = result.error.issues[0]?.message ?? 'is not right'
  return { wrong: `${JSON.stringify(value.slice(0, 60))} ${message.replace(/^Too big.*$/, 'is too long')}` }
}

function isSign(sign: string | undefined): sign is ShortForm['sign'] {
  return sign === '=' || sign === '!=' || sign === '~'
}

import { CvmError } from '../model/errors.js'
import { isGuid } from './guid.js'
import { variableKey } from './named-variable.js'
import type { StoredVariable } from './store-types.js'
import { ATTRIBUTE } from './variable.js'
import { byNameAndGuid } from './write-store.js'

/** Variables in the JSON form of QEMU's uefi-vars device, with what else was in it. */
export interface VariablesDocument {
  readonly variables: readonly StoredVariable[]
  /** Members of the outer object that are not ours to know. */
  readonly more: Readonly<Record<string, unknown>>
  /** Members of each variable that are not ours to know, by variableKey; `digest` among them. */
  readonly moreOfVariable: ReadonlyMap<string, Readonly<Record<string, unknown>>>
}

/**
 * Reads the JSON form. Source: QEMU, qapi/uefi.json (UefiVarStore, UefiVariable).
 *
 * @throws CvmError FIRMWARE_FILE_REFUSED with the place of what is wrong.
 */
export function readVariablesJson(text: string): VariablesDocument {
  const root = objectOf(parsed(text), 'the file')
  const { version, variables: list, ...more } = root
  if (version !== undefined && version !== VERSION) {
    throw refused(`its version is ${JSON.stringify(version)}, and only ${VERSION} is known`)
  }
  if (!Array.isArray(list)) throw refused('it has no list "variables"')
  const variables: StoredVariable[] = []
  const moreOfVariable = new Map<string, Readonly<Record<string, unknown>>>()
  for (const [index, entry] of list.entries()) {
    const { variable, rest } = readVariable(entry, `variables[${index}]`)
    const key = variableKey(variable)
    if (moreOfVariable.has(key)) throw refused(`${variable.name} with the GUID ${variable.guid} is there twice`)
    variables.push(variable)
    moreOfVariable.set(key, rest)
  }
  return { variables, more, moreOfVariable }
}

/** Writes the JSON form, in order of name and GUID, with a line break at its end. The old counters have no place in it. */
export function writeVariablesJson({ variables, more, moreOfVariable }: VariablesDocument): string {
  const list = [...variables].sort(byNameAndGuid).map((variable) => ({
    name: variable.name,
    guid: variable.guid,
    attr: variable.attributes,
    data: variable.data.toString('hex'),
    ...timeMember(variable),
    ...moreOfVariable.get(variableKey(variable)),
  }))
  return `${JSON.stringify({ version: VERSION, ...more, variables: list }, undefined, 2)}\n`
}

/** A document of variables that come from elsewhere. */
export function newDocument(variables: readonly StoredVariable[]): VariablesDocument {
  return { variables, more: {}, moreOfVariable: new Map() }
}

/** QEMU expects a time with variables that are authenticated by it. */
function timeMember({ attributes, time }: StoredVariable): { readonly time?: string } {
  if (time !== undefined) return { time: time.toString('hex') }
  return (attributes & ATTRIBUTE.timeAuthenticated) === 0 ? {} : { time: '00'.repeat(TIME_BYTES) }
}

function readVariable(entry: unknown, where: string) {
  const { name, guid, attr, data, time, ...rest } = objectOf(entry, where)
  if (typeof name !== 'string') throw refused(`${where} has no name`)
  const at = `${where} (${name})`
  if (typeof guid !== 'string' || !isGuid(guid)) throw refused(`the guid of ${at} is no GUID`)
  if (typeof attr !== 'number' || !Number.isInteger(attr) || attr < 0 || attr > 0xffffffff) {
    throw refused(`the attr of ${at} is no number of 32 bits`)
  }
  const bytes = hexBytes(data)
  if (bytes === undefined) throw refused(`the data of ${at} are not pairs of hex digits`)
  const stamp = time === undefined ? undefined : hexBytes(time)
  if (time !== undefined && stamp?.length !== TIME_BYTES) throw refused(`the time of ${at} is not 32 hex digits`)
  const isTimed = stamp?.some((byte) => byte !== 0) === true
  const variable: StoredVariable = {
    name,
    guid: guid.toLowerCase(),
    attributes: attr,
    data: bytes,
    ...(isTimed ? { time: stamp } : {}),
  }
  return { variable, rest }
}

function hexBytes(value: unknown): Buffer | undefined {
  if (typeof value !== 'string' || !/^(?:[0-9a-f]{2})*$/i.test(value)) return undefined
  return Buffer.from(value, 'hex')
}

function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(`${what} is not an object`)
  // Checked to be an object above; each member is checked where it is read.
  return value as Readonly<Record<string, unknown>>
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw refused(`it is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

function refused(why: string): CvmError {
  const next = 'It must have the form that QEMU takes, and that "cvm-rewrite firmware export" writes.'
  return new CvmError('FIRMWARE_FILE_REFUSED', 'the list of variables cannot be read', { why, next })
}

const VERSION = 2
const TIME_BYTES = 16

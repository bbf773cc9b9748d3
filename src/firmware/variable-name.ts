import { CvmError } from '../model/errors.js'
import { isGuid } from './guid.js'
import { variableKey } from './live-variables.js'
import type { FirmwareVariable } from './variable.js'
import { wellKnown } from './well-known.js'

/** A variable as a person names it: `Timeout`, or `Name-GUID` as efivarfs does. */
export interface NamedVariable {
  readonly name: string
  readonly guid: string
}

/**
 * The name and GUID that are meant: as given, else those of the one variable of that name, else the well-known ones.
 *
 * @throws CvmError USAGE when the GUID has to be given.
 */
export function namedVariable(text: string, variables: readonly FirmwareVariable[]): NamedVariable {
  const guid = text.slice(-GUID_LENGTH)
  if (text.length > GUID_LENGTH + 1 && text.at(-GUID_LENGTH - 1) === '-' && isGuid(guid)) {
    return { name: text.slice(0, -GUID_LENGTH - 1), guid: guid.toLowerCase() }
  }
  if (text === '') throw new CvmError('USAGE', 'the name of the variable is empty')
  const known = wellKnown(text)
  const there = variables.filter(({ name }) => name === text)
  const [first] = there
  if (first !== undefined && (there.length === 1 || there.some((each) => each.guid === known?.guid))) {
    return { name: text, guid: there.length === 1 ? first.guid : (known?.guid ?? first.guid) }
  }
  if (there.length > 1) {
    const guids = there.map((each) => `${text}-${each.guid}`).join(', ')
    throw new CvmError('USAGE', `there are ${there.length} variables of the name ${text}`, {
      why: guids,
      next: 'Give the name with its GUID.',
    })
  }
  if (known !== undefined) return { name: text, guid: known.guid }
  throw new CvmError('USAGE', `the GUID of ${JSON.stringify(text)} is not known`, {
    why: 'no variable of that name is in the file, and it is none of the well-known ones',
    next: `Give it with its GUID: ${text}-01234567-89ab-cdef-0123-456789abcdef`,
  })
}

/** The variable of that name and GUID. */
export function findVariable<T extends FirmwareVariable>(variables: readonly T[], named: NamedVariable): T | undefined {
  return variables.find((each) => variableKey(each) === variableKey(named))
}

const GUID_LENGTH = 36

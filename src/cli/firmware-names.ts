import { findVariable, type NamedVariable } from '../firmware/named-variable.js'
import type { FirmwareVariable } from '../firmware/variable.js'
import { readName } from '../firmware/variable-name.js'
import { wellKnownNames } from '../firmware/well-known.js'
import { CvmError } from '../model/errors.js'
import { nearestWord } from '../plugins/nearest-word.js'

/**
 * The variable that a text names, whether it is there or not.
 *
 * @throws {CvmError} USAGE when the GUID has to be given.
 */
export function namedVariable(text: string, variables: readonly FirmwareVariable[]): NamedVariable {
  if (text === '') throw new CvmError('USAGE', 'the name of the variable is empty')
  const reading = readName(text, variables)
  if (reading.ok) return { name: reading.name, guid: reading.guid }
  if (reading.guids.length > 0) {
    throw new CvmError('USAGE', `there are ${reading.guids.length} variables of the name ${text}`, {
      next: `Give one with its GUID: ${reading.guids.map((guid) => `${text}-${guid}`).join(' or ')}`,
    })
  }
  const near = nearestWord(text, [...variables.map(({ name }) => name), ...wellKnownNames()])
  throw new CvmError('USAGE', `the GUID of ${text} is not known`, {
    why: near === undefined ? 'it is not in the file, and no well-known variable' : `did you mean ${near}?`,
    next: `Give a variable of your own with its GUID: ${text}-01234567-89ab-cdef-0123-456789abcdef`,
  })
}

/**
 * The variable of the file that a text names.
 *
 * @throws {CvmError} USAGE when it is not there, or the GUID has to be given.
 */
export function presentVariable(text: string, variables: readonly FirmwareVariable[]): NamedVariable {
  const reading = readName(text, variables)
  if (!reading.ok && reading.guids.length > 0) return namedVariable(text, variables)
  if (reading.ok && findVariable(variables, reading) !== undefined) return reading
  const near = nearestWord(
    text,
    variables.map(({ name }) => name),
  )
  throw new CvmError('USAGE', `there is no variable ${text} in the file`, {
    ...(near === undefined ? {} : { why: `did you mean ${near}?` }),
    next: 'See what is there: cvm-rewrite firmware show FILE',
  })
}

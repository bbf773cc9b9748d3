import { CvmError } from '../model/errors.js'
import { ATTRIBUTES_EXPECTED, attributeBits } from './attribute-names.js'
import { holdsSignatureLists } from './decode/describe.js'
import { efiTimeBytes } from './efi-time.js'
import { findVariable, type NamedVariable } from './named-variable.js'
import { signatureFile } from './secure-boot/signature-file.js'
import type { StoredVariable } from './store-types.js'
import { type ValueInput, valueBytes } from './value-input.js'
import { wellKnown } from './well-known.js'

/** How a person gives a variable. */
export interface VariableWish {
  readonly named: NamedVariable
  readonly value: ValueInput
  /** Such as `nv,bs,rt`; absent: as they are, else as usual for the name. */
  readonly attributes: string | undefined
  /** Such as `2026-01-31`; absent: as it is. */
  readonly date: string | undefined
}

/**
 * The whole variable to store.
 *
 * @throws {CvmError} USAGE for what cannot be read, and for a file that does not hold what the variable needs.
 */
export function wishedVariable(
  { named, value, attributes, date }: VariableWish,
  present: readonly StoredVariable[],
): StoredVariable {
  const before = findVariable(present, named)
  const known = wellKnown(named.name)
  const usual = known?.guid === named.guid ? known.attributes : NV_BS_RT
  const time = date === undefined ? undefined : timeOf(date)
  return {
    ...before,
    ...named,
    attributes: (attributes === undefined ? undefined : attributesOf(attributes)) ?? before?.attributes ?? usual,
    ...contentsOf(named, value),
    ...(time === undefined ? {} : { time }),
  }
}

/** Of a file for PK, KEK, db, … the lists: the signature of an update is for the firmware, and what it signs is stored with its time. */
function contentsOf(named: NamedVariable, value: ValueInput): Pick<StoredVariable, 'data' | 'time'> {
  const data = valueBytes(named, value)
  if (value.form !== 'bytes' || !holdsSignatureLists(named)) return { data }
  const file = signatureFile(data)
  if (file === undefined) {
    throw new CvmError('USAGE', `${named.name} consists of signature lists, and the file holds none`, {
      why: 'such a file is .esl, or a signed update: .auth, dbxupdate_x64.bin',
      next: 'Certificates and digests: cvm-rewrite firmware enroll --help',
    })
  }
  const { payload, time } = file
  return { data: valueBytes(named, { form: 'bytes', bytes: payload }), ...(time === undefined ? {} : { time }) }
}

function attributesOf(text: string): number {
  const bits = attributeBits(text)
  if (bits !== undefined) return bits
  throw new CvmError('USAGE', `the attributes cannot be ${JSON.stringify(text)}`, {
    next: `They are ${ATTRIBUTES_EXPECTED}.`,
  })
}

function timeOf(text: string): Buffer {
  const time = efiTimeBytes(text)
  if (time !== undefined) return time
  const next = 'Give a date such as 2026-01-31 or 2026-01-31T12:00:00Z.'
  throw new CvmError('USAGE', `the date cannot be ${JSON.stringify(text)}`, { next })
}

const NV_BS_RT = 7

import { ATTRIBUTES_EXPECTED, attributeBits } from '../firmware/attribute-names.js'
import { efiTimeBytes } from '../firmware/efi-time.js'
import type { StoredVariable } from '../firmware/store-types.js'
import { type ValueInput, valueBytes } from '../firmware/value-input.js'
import { findVariable } from '../firmware/variable-name.js'
import { wellKnown } from '../firmware/well-known.js'
import { CvmError } from '../model/errors.js'
import { readSmallFile } from '../stages/firmware-file.js'
import { type FirmwareEditOptions, runFirmwareEdit } from './firmware-edit.js'
import { namedVariable } from './firmware-names.js'

export interface FirmwareSetOptions extends FirmwareEditOptions {
  readonly hex?: string
  readonly text?: string
  readonly utf16?: string
  readonly u8?: string
  readonly u16?: string
  readonly u32?: string
  readonly u64?: string
  readonly file?: string
  readonly attributes?: string
  readonly date?: string
}

/** cvm-rewrite firmware set: add or replace one variable. */
export async function firmwareSet(
  file: string,
  name: string,
  value: string | undefined,
  options: FirmwareSetOptions,
): Promise<number> {
  return await runFirmwareEdit(file, options, async () => {
    const input = await inputOf(name, value, options)
    const attributes = attributesOf(options.attributes)
    const time = timeOf(options.date)
    return (variables) => [{ kind: 'set', variable: variableOf(name, variables, input, attributes, time) }]
  })
}

function variableOf(
  text: string,
  variables: readonly StoredVariable[],
  input: ValueInput,
  attributes: number | undefined,
  time: Buffer | undefined,
): StoredVariable {
  const named = namedVariable(text, variables)
  const before = findVariable(variables, named)
  const known = wellKnown(named.name)
  const usual = known?.guid === named.guid ? known.attributes : NV_BS_RT
  return {
    ...before,
    ...named,
    attributes: attributes ?? before?.attributes ?? usual,
    data: valueBytes(named, input),
    ...(time === undefined ? {} : { time }),
  }
}

/** @throws {CvmError} USAGE unless there is exactly one value; as readSmallFile. */
async function inputOf(name: string, value: string | undefined, options: FirmwareSetOptions): Promise<ValueInput> {
  const inputs: ValueInput[] = value === undefined ? [] : [{ form: 'plain', text: value }]
  for (const form of TEXT_FORMS) {
    const text = options[form]
    if (text !== undefined) inputs.push({ form, text })
  }
  if (options.file !== undefined) inputs.push({ form: 'bytes', bytes: await readSmallFile(options.file) })
  const [input] = inputs
  if (input !== undefined && inputs.length === 1) return input
  const expects = wellKnown(name)?.form?.expects
  throw new CvmError('USAGE', input === undefined ? `no value for ${name}` : `more than one value for ${name}`, {
    next:
      expects === undefined
        ? 'Give one of --hex, --text, --utf16, --u8, --u16, --u32, --u64, --file.'
        : `It takes ${expects}.`,
  })
}

function attributesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const bits = attributeBits(text)
  if (bits !== undefined) return bits
  throw new CvmError('USAGE', `--attributes cannot be ${JSON.stringify(text)}`, {
    next: `It takes ${ATTRIBUTES_EXPECTED}.`,
  })
}

function timeOf(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined
  const time = efiTimeBytes(text)
  if (time !== undefined) return time
  const next = 'Give a date such as 2026-01-31 or 2026-01-31T12:00:00Z.'
  throw new CvmError('USAGE', `--date cannot be ${JSON.stringify(text)}`, { next })
}

const TEXT_FORMS = ['hex', 'text', 'utf16', 'u8', 'u16', 'u32', 'u64'] as const
const NV_BS_RT = 7

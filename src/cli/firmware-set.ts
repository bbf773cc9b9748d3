import type { ValueInput } from '../firmware/value-input.js'
import { wellKnown } from '../firmware/well-known.js'
import { wishedVariable } from '../firmware/wished-variable.js'
import { CvmError } from '../model/errors.js'
import { LARGEST_FIRMWARE_BYTES } from '../stages/firmware-file.js'
import { wholeFile } from '../stages/whole-file.js'
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
  return await runFirmwareEdit(file, options, async (variables) => {
    const { attributes, date } = options
    const wish = { named: namedVariable(name, variables), value: await inputOf(name, value, options), attributes, date }
    return [{ kind: 'set', variable: wishedVariable(wish, variables) }]
  })
}

/** @throws {CvmError} USAGE unless there is exactly one value; as wholeFile. */
async function inputOf(name: string, value: string | undefined, options: FirmwareSetOptions): Promise<ValueInput> {
  const inputs: ValueInput[] = value === undefined ? [] : [{ form: 'plain', text: value }]
  for (const form of TEXT_FORMS) {
    const text = options[form]
    if (text !== undefined) inputs.push({ form, text })
  }
  if (options.file !== undefined)
    inputs.push({ form: 'bytes', bytes: await wholeFile(options.file, LARGEST_FIRMWARE_BYTES) })
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

const TEXT_FORMS = ['hex', 'text', 'utf16', 'u8', 'u16', 'u32', 'u64'] as const

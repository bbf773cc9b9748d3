import type { ValueInput } from '../firmware/value-input.js'
import type { FirmwareVariable } from '../firmware/variable.js'
import { readName } from '../firmware/variable-name.js'
import { wellKnown } from '../firmware/well-known.js'
import { wishedVariable } from '../firmware/wished-variable.js'
import { shellQuoted } from '../launch/shell-quoted.js'
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
    assertTwoWords(name, value, variables)
    const wish = { named: namedVariable(name, variables), value: await inputOf(name, value, options), attributes, date }
    return [{ kind: 'set', variable: wishedVariable(wish, variables) }]
  })
}

/** @throws {CvmError} USAGE for `Timeout=3`, as other programs would have it. */
function assertTwoWords(text: string, value: string | undefined, variables: readonly FirmwareVariable[]): void {
  const [, name = '', rest = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (!readName(name, variables).ok || readName(text, variables).ok) return
  const words = [name, value ?? rest].filter((word) => word !== '').map(shellQuoted)
  throw new CvmError('USAGE', `${text} is no name of a variable`, {
    why: 'name and value are two words, without an equals sign',
    next: `Write them apart: cvm-rewrite firmware set FILE ${words.join(' ')} -o OUT`,
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

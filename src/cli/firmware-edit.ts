import { EXIT } from '../model/exit.js'
import { type ChooseEdits, editFirmware, type FirmwareEditRequest } from '../stages/edit-firmware.js'
import { complain } from './complain.js'
import { editObject, editText } from './firmware-edit-formats.js'
import { interruption } from './interruption.js'
import { outputPath } from './path-options.js'

/** Options of every command that makes a changed file. */
export interface FirmwareEditOptions {
  readonly output: string
  readonly force?: true
  readonly code?: string
  readonly json?: true
}

/**
 * What the commands that change variables share: do it, then tell the difference and what it does to measurements.
 */
export async function runFirmwareEdit(
  file: string,
  options: FirmwareEditOptions,
  choose: ChooseEdits,
): Promise<number> {
  const json = options.json === true
  using interrupted = interruption(() => {})
  try {
    const edit = await editFirmware(editRequest(file, options), choose, interrupted.signal)
    process.stdout.write(json ? `${JSON.stringify(editObject(edit))}\n` : editText(edit))
    return EXIT.ok
  } catch (error) {
    return await complain(error, json)
  }
}

/** @throws {CvmError} USAGE for an output that cannot be. */
export function editRequest(file: string, { output, force, code }: FirmwareEditOptions): FirmwareEditRequest {
  return { file, output: outputPath(output), force: force === true, ...(code === undefined ? {} : { code }) }
}

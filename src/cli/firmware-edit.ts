import type { VariableEdit } from '../firmware/edit-variables.js'
import type { StoredVariable } from '../firmware/store-types.js'
import { EXIT } from '../model/exit.js'
import { editFirmware } from '../stages/edit-firmware.js'
import { complain } from './complain.js'
import { describeVariable } from './describe-variable.js'
import { editObject, editText } from './firmware-edit-formats.js'
import { interruption } from './interruption.js'

/** Options of every command that makes a changed file. */
export interface FirmwareEditOptions {
  readonly output: string
  readonly force?: true
  readonly code?: string
  readonly json?: true
}

/**
 * What all commands that change variables share: do it, then tell the difference and what it does to measurements.
 *
 * @param choose the edits, from what is in the file; it may first read other files
 */
export async function runFirmwareEdit(
  file: string,
  options: FirmwareEditOptions,
  choose: () => Promise<(variables: readonly StoredVariable[]) => readonly VariableEdit[]>,
): Promise<number> {
  const json = options.json === true
  using interrupted = interruption(() => {})
  try {
    const { output, force, code } = options
    const request = { file, output, force: force === true, ...(code === undefined ? {} : { code }) }
    const edit = await editFirmware(request, await choose(), interrupted.signal)
    process.stdout.write(
      json ? `${JSON.stringify(editObject(edit, describeVariable))}\n` : editText(edit, describeVariable),
    )
    return EXIT.ok
  } catch (error) {
    return await complain(error, json)
  }
}

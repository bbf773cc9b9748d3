import { editsToSet, type VariableEdit } from '../firmware/edit-variables.js'
import type { StoredVariable } from '../firmware/store-types.js'
import { readVariablesJson } from '../firmware/variables-json.js'
import { LARGEST_FIRMWARE_BYTES, withFileName } from '../stages/firmware-file.js'
import { wholeFile } from '../stages/whole-file.js'
import { type FirmwareEditOptions, runFirmwareEdit } from './firmware-edit.js'

export interface FirmwareImportOptions extends FirmwareEditOptions {
  readonly exact?: true
}

/** cvm-rewrite firmware import: add or replace the variables of a JSON file. */
export async function firmwareImport(file: string, list: string, options: FirmwareImportOptions): Promise<number> {
  return await runFirmwareEdit(file, options, async (variables) => {
    const bytes = await wholeFile(list, LARGEST_FIRMWARE_BYTES)
    const { variables: wanted } = withFileName(list, () => readVariablesJson(bytes.toString('utf8')))
    return [...(options.exact === true ? variables.map(deletion) : []), ...editsToSet(wanted)]
  })
}

function deletion({ name, guid }: StoredVariable): VariableEdit {
  return { kind: 'delete', name, guid }
}

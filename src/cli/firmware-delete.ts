import { type FirmwareEditOptions, runFirmwareEdit } from './firmware-edit.js'
import { presentVariable } from './firmware-names.js'

export type FirmwareDeleteOptions = FirmwareEditOptions

/** cvm-rewrite firmware delete: remove variables, all of which have to be there. */
export async function firmwareDelete(
  file: string,
  names: readonly string[],
  options: FirmwareDeleteOptions,
): Promise<number> {
  return await runFirmwareEdit(file, options, (variables) =>
    names.map((text) => {
      const { name, guid } = presentVariable(text, variables)
      return { kind: 'delete', name, guid }
    }),
  )
}

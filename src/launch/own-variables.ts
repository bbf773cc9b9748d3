import { dirname } from 'node:path'
import type { LaunchConfig, LaunchFirmware } from '../model/launch.js'

/** Where a machine keeps its own copy of the UEFI variables, unless somebody says otherwise: beside its image. */
export function ownVariables(
  { name, disks }: Pick<LaunchConfig, 'name' | 'disks'>,
  { vars, format }: Extract<LaunchFirmware, { kind: 'uefi' }>,
): { readonly dir: string; readonly file: string } {
  return { dir: dirname(disks[0]?.path ?? vars), file: `${name}.vars.${format === 'raw' ? 'fd' : 'qcow2'}` }
}

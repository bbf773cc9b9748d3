import { uefiFiles } from '../launch/firmware-files.js'
import { findTeeFirmware, isReadable } from '../launch/tee-firmware.js'
import type { TeeFirmware } from '../launch/tee-obstacles.js'
import { CvmError } from '../model/errors.js'
import type { Firmware } from '../model/image.js'
import type { LaunchFirmware, LaunchWishes } from '../model/launch.js'

export interface BootFirmware {
  readonly kind: Firmware
  readonly why: string
}

/** BIOS or UEFI: as asked, else as the rest of the launch needs it, else as the disk does. */
export function chooseFirmwareKind(wishes: LaunchWishes, hasEsp: boolean): BootFirmware {
  const { tee, firmware, secureBoot } = wishes
  if (tee === 'tdx' || tee === 'snp') return { kind: 'uefi', why: 'confidential guests have no other' }
  if (firmware !== undefined) return { kind: firmware === 'bios' ? 'bios' : 'uefi', why: 'as asked' }
  if (secureBoot === true) return { kind: 'uefi', why: 'Secure Boot is asked for' }
  if (hasEsp) return { kind: 'uefi', why: 'the disk has an EFI system partition' }
  return { kind: 'bios', why: 'the disk has no EFI system partition' }
}

/**
 * The firmware's files; `vars` of the result is the template.
 *
 * @throws CvmError FIRMWARE_MISSING, LAUNCH_INVALID.
 */
export async function chooseBootFirmware(wishes: LaunchWishes, { kind }: BootFirmware): Promise<LaunchFirmware> {
  const { tee } = wishes
  if (tee === 'tdx' || tee === 'snp') return await uefiFiles({ firmwareImage: await teeFirmwarePath(tee, wishes) })
  return kind === 'bios' ? { kind: 'bios' } : await uefiFiles(wishes)
}

/** The firmware of a confidential guest: as asked, else an installed one. */
export async function teeFirmware(tee: 'tdx' | 'snp', { firmwareImage }: LaunchWishes): Promise<TeeFirmware> {
  const path = firmwareImage ?? (await findTeeFirmware(tee))
  return { path, readable: path !== undefined && (await isReadable(path)) }
}

async function teeFirmwarePath(tee: 'tdx' | 'snp', wishes: LaunchWishes): Promise<string> {
  const { path } = await teeFirmware(tee, wishes)
  if (path !== undefined) return path
  throw new CvmError('FIRMWARE_MISSING', `no OVMF in one file for ${tee === 'tdx' ? 'TDX' : 'SEV-SNP'} is installed`, {
    next: 'Name one: -o /path/to/OVMF.fd',
  })
}

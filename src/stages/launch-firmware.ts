import { uefiFiles } from '../launch/firmware-files.js'
import { findTeeFirmware } from '../launch/tee-firmware.js'
import { assertTeeFirmwareWish, TEE_NAMES } from '../launch/tee-firmware-wish.js'
import { CvmError } from '../model/errors.js'
import type { LaunchFirmware, SettledLaunch } from '../model/launch.js'

export interface FoundFirmware {
  /** `vars` is the template. */
  readonly firmware: LaunchFirmware
  /** Who wanted it, or why it was chosen. */
  readonly origin: string
}

/**
 * The firmware of a real launch: as asked, else as the disk needs it; for TDX and SEV-SNP one file.
 *
 * @throws {CvmError} LAUNCH_INVALID, FIRMWARE_MISSING.
 */
export async function launchFirmware(launch: SettledLaunch, hasEsp: boolean): Promise<FoundFirmware> {
  const { wishes, origins } = launch
  assertTeeFirmwareWish(launch)
  const { tee, firmware, firmwareImage, secureBoot } = wishes
  if (tee === 'tdx' || tee === 'snp') {
    const path = firmwareImage ?? (await findTeeFirmware(tee))
    if (path === undefined) {
      throw new CvmError('FIRMWARE_MISSING', `no OVMF in one file for ${TEE_NAMES[tee]} is installed here`, {
        next: 'Name one, also one of another host: --firmware-image /path/to/OVMF.fd',
      })
    }
    const origin = origins.firmwareImage ?? `installed here, for ${TEE_NAMES[tee]}`
    return { firmware: await uefiFiles({ firmwareImage: path }), origin }
  }
  const asked = origins.firmware ?? origins.firmwareImage ?? origins.firmwareCode
  if (firmware === 'rom' && firmwareImage === undefined) {
    throw new CvmError('LAUNCH_INVALID', `firmware in one file is asked for (${asked}), and no file is named`, {
      next: 'Give it with --firmware-image.',
    })
  }
  if (firmware === 'bios') return { firmware: { kind: 'bios' }, origin: asked ?? '' }
  if (firmware === undefined && secureBoot !== true && !hasEsp)
    return { firmware: { kind: 'bios' }, origin: 'the disk has no EFI system partition' }
  const why = secureBoot === true ? `Secure Boot (${origins.secureBoot})` : 'the disk has an EFI system partition'
  return { firmware: await uefiFiles(wishes), origin: asked ?? why }
}

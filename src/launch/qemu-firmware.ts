import { CvmError } from '../model/errors.js'
import type { DirectBoot, LaunchConfig, LaunchFirmware } from '../model/launch.js'
import { optionValue } from './qemu-option.js'

/** The firmware of the machine, which assertFirmwareFits has let through. */
export function firmwareArguments(firmware: LaunchFirmware): readonly string[] {
  if (firmware.kind === 'bios') return []
  if (firmware.kind === 'rom') return ['-bios', firmware.path]
  const { code, vars, format } = firmware
  return [
    firmware.smm ? SMM_ARGUMENTS : [],
    ['-drive', `if=pflash,unit=0,format=${format},readonly=on,file=${optionValue(code)}`],
    ['-drive', `if=pflash,unit=1,format=${format},file=${optionValue(vars)}`],
  ].flat()
}

/** Of `-machine`. */
export function firmwareMachineOptions(firmware: LaunchFirmware): readonly string[] {
  return firmware.kind === 'uefi' && firmware.smm ? ['smm=on'] : []
}

/** QEMU itself loads the kernel; none of these three goes through its option syntax, so commas stay single. */
export function directBootArguments(boot: DirectBoot | undefined): readonly string[] {
  if (boot === undefined) return []
  return [
    ['-kernel', boot.kernel],
    boot.initrd === undefined ? [] : ['-initrd', boot.initrd],
    boot.cmdline === '' ? [] : ['-append', boot.cmdline],
  ].flat()
}

/** @throws {CvmError} LAUNCH_INVALID when a confidential guest has not got its firmware in one file: flash would be memory of the host's. */
export function assertFirmwareFits({ firmware, tee }: Pick<LaunchConfig, 'firmware' | 'tee'>): void {
  if (tee.kind === 'none' || firmware.kind === 'rom') return
  throw new CvmError(
    'LAUNCH_INVALID',
    `a ${tee.kind === 'tdx' ? 'TDX' : 'SEV-SNP'} guest needs its firmware in one file`,
    {
      why: 'code and variables in two flash chips, or a BIOS, cannot be loaded into encrypted memory',
      next: 'Give an OVMF that is made for it with --firmware-image.',
    },
  )
}

/**
 * Only code in system management mode may write the flash, so only the firmware changes its variables.
 * Suspend to memory (S3) is off, because some 64-bit builds of OVMF for it do not start otherwise. Source: edk2, OvmfPkg/README, "SMM".
 */
const SMM_ARGUMENTS = [
  ['-global', 'driver=cfi.pflash01,property=secure,value=on'],
  ['-global', 'ICH9-LPC.disable_s3=1'],
].flat()

import { CvmError } from '../model/errors.js'
import type { SettledLaunch } from '../model/launch.js'

/**
 * Refuses a confidential guest for which a BIOS or a firmware in two files is asked for. It is never left out in silence: its keys and
 * variables would be missing in the guest.
 *
 * @throws {CvmError} LAUNCH_INVALID.
 */
export function assertTeeFirmwareWish({ wishes, origins }: SettledLaunch): void {
  const { tee, firmware } = wishes
  if (tee !== 'tdx' && tee !== 'snp') return
  if (firmware !== 'bios' && firmware !== 'uefi') return
  throw new CvmError('LAUNCH_INVALID', `a ${TEE_NAMES[tee]} guest needs its firmware in one file`, {
    why: `${firmware} is asked for (${origins.firmware}), and ${tee} (${origins.tee})`,
    next: NEXT,
  })
}

export const TEE_NAMES = { tdx: 'TDX', snp: 'SEV-SNP' } as const
const NEXT =
  'Name that file, such as OVMF.fd: vm.firmware {type: rom, image: …} in a launch file, --firmware-image with cvm-rewrite launch, -o with cvm-qemu-test.'

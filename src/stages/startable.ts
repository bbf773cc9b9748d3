import { CvmError } from '../model/errors.js'
import type { DiskLayout, Firmware } from '../model/image.js'

/**
 * Refuses a disk that a BIOS would only hang on: it starts whatever stands in the first sector, and there is nothing.
 *
 * UEFI needs no such look, it says itself that it found nothing.
 *
 * @throws {CvmError} GUEST_NOT_BOOTABLE.
 */
export function assertStartable(firmware: Firmware, layout: DiskLayout): void {
  if (firmware === 'uefi' || layout.hasBiosBoot) return
  throw new CvmError('GUEST_NOT_BOOTABLE', 'the disk has nothing that a BIOS could start', {
    why: 'there is no boot code in its first sector',
    next: layout.hasEsp
      ? 'It has an EFI system partition: leave --firmware out, or give --firmware uefi.'
      : 'It has no EFI system partition either: is this the disk that the guest starts from?',
  })
}

import { probeAccelerator } from '../host/accelerator.js'
import { readDiskLayout } from '../image/read-layout.js'
import { resolveLaunch } from '../launch/resolve-launch.js'
import type { Say } from '../model/events.js'
import type { Accelerator, DiskLayout, Firmware, InputImage } from '../model/image.js'
import type { LaunchConfig } from '../model/launch.js'
import { prepareDisk, prepareFirmware } from './boot-files.js'
import type { BootPlace } from './boot-hooks.js'
import type { BootTestRequest } from './boot-request.js'
import { memoryFor, vcpusFor } from './boot-test-size.js'
import { assertStartable } from './startable.js'

/** Everything is decided and its files are there. */
export interface PreparedBoot {
  readonly config: LaunchConfig
  readonly layout: DiskLayout
  /** The throw-away disk, a qcow2. */
  readonly layerPath: string
  readonly firmware: { readonly kind: Firmware; readonly why: string }
  readonly accelWhy: string
  readonly limitMin: number
}

/**
 * Decides the machine and makes its files: the throw-away layer over the image, the firmware's variables.
 *
 * @throws CvmError IMAGE_*, HOST_TOO_SMALL, KVM_UNUSABLE, FIRMWARE_MISSING, LAUNCH_INVALID, NO_SPACE.
 */
export async function prepareBoot(
  request: BootTestRequest,
  image: InputImage,
  place: BootPlace,
  say: Say,
): Promise<PreparedBoot> {
  const { wishes } = request.launch
  const vcpus = vcpusFor(wishes.vcpus)
  const memoryMiB = memoryFor(wishes.memoryMiB)
  const layout = await readDiskLayout(image, place.scratchDir)
  const firmware = chooseKind(wishes.firmware === 'rom' ? undefined : wishes.firmware, layout.hasEsp)
  assertStartable(firmware.kind, layout)
  const launchFirmware = await prepareFirmware(firmware.kind, wishes, place)
  const { accel, why: accelWhy } = await probeAccelerator(request.accel, place.account)
  const disk = await prepareDisk(image, place, say)
  say({ type: 'step', text: `firmware: ${firmware.kind} (${firmware.why}); ${ACCEL_WORDS[accel]} (${accelWhy})` })

  const config = resolveLaunch(wishes, {
    name: 'cvm-qemu-test',
    accel,
    image: disk,
    firmware: launchFirmware,
    vcpus,
    memoryMiB,
    forwards: wishes.forwards ?? [],
  })
  return {
    config,
    layout,
    layerPath: disk.path,
    firmware,
    accelWhy,
    limitMin: request.limitMin ?? DEFAULT_LIMIT_MIN[accel],
  }
}

function chooseKind(asked: Firmware | undefined, hasEsp: boolean): { kind: Firmware; why: string } {
  if (asked !== undefined) return { kind: asked, why: 'as asked' }
  if (hasEsp) return { kind: 'uefi', why: 'the disk has an EFI system partition' }
  return { kind: 'bios', why: 'the disk has no EFI system partition' }
}

const ACCEL_WORDS: Readonly<Record<Accelerator, string>> = { kvm: 'with KVM', tcg: 'in emulation' }
const DEFAULT_LIMIT_MIN: Readonly<Record<Accelerator, number>> = { kvm: 3, tcg: 10 }
